"""The catalogue's part about streams over MSRP: chats, files and desktops; see ``notifications.py``."""

from __future__ import annotations

from blinkq.base.catalogue import declare

# chat ------------------------------------------------------------------------------------------------------------------------

declare(
    "ChatStreamGotMessage", "ChatStream",
    "A message came. content is text, or bytes for types that are not text; cpim_headers is empty where there was no envelope; message is "
    "a ChatMessage: the MSRP chunk with sender, recipients, timestamp and the rest; private: in a room, for us alone.",
    required=("content", "content_type", "cpim_headers", "message", "private"),
)  # fmt: skip
declare("ChatStreamDidSendMessage", "ChatStream", "All of a message went out; message is its MSRPData.", required=("message",))
declare(
    "ChatStreamDidDeliverMessage", "ChatStream", "The other party reported that a message arrived; message is the report.",
    required=("message_id", "code", "reason", "message"),
)  # fmt: skip
declare(
    "ChatStreamDidNotDeliverMessage", "ChatStream",
    "A message did not arrive; message is the report or response that says so, None when nobody said so (code 0, 408).",
    required=("message_id", "code", "reason", "message"),
)  # fmt: skip
declare(
    "ChatStreamGotComposingIndication", "ChatStream",
    "The other party (in a room: sender) is writing ('active', for refresh seconds) or stopped ('idle', also when nothing came for that "
    "long, or its message did); last_active is a datetime or None.",
    required=("state", "refresh", "content_type", "last_active", "sender"),
)  # fmt: skip
declare(
    "ChatStreamGotDispositionNotification", "ChatStream",
    "A receipt for a message that asked for one. notification: 'delivery', 'display' or 'processing'; status: what became of it, as "
    "'delivered', 'displayed', 'failed', 'forbidden'; sender: whose receipt, a ChatIdentity.",
    required=("message_id", "notification", "status", "sender"),
)  # fmt: skip
declare(
    "ChatStreamDidSetNickname", "ChatStream", "The room gave us the nickname; message_id is what set_local_nickname returned.",
    required=("message_id", "response", "nickname"),
)  # fmt: skip
declare(
    "ChatStreamDidNotSetNickname", "ChatStream", "The room refused the nickname; message is its response, None when none came (408, 0).",
    required=("message_id", "message", "code", "reason", "nickname"),
)  # fmt: skip

# files -----------------------------------------------------------------------------------------------------------------------

declare(
    "FileTransferStreamDidDeliverChunk", "FileTransferStream", "The next hop has a chunk of the file; chunk is its response.",
    required=("message_id", "chunk", "code", "reason", "transferred_bytes", "file_size"),
)  # fmt: skip
declare(
    "FileTransferStreamDidNotDeliverChunk", "FileTransferStream",
    "The file does not arrive; chunk is the response or report that says so, or None.",
    required=("message_id", "chunk", "code", "reason"),
)  # fmt: skip
declare(
    "FileTransferStreamGotChunk", "FileTransferStream", "Some bytes of the file came; they are kept without anybody's help.",
    required=("content", "content_type", "transferred_bytes", "file_size"),
)  # fmt: skip
declare("FileTransferStreamDidFinish", "FileTransferStream", "All of the file was sent and confirmed, or received and found right.")
declare("FileTransferHandlerDidInitialize", "FileTransferHandler", "The file is hashed, or there is room for it.")
declare("FileTransferHandlerDidNotInitialize", "FileTransferHandler", "The file cannot be read, or not be kept.", required=("reason",))
declare(
    "FileTransferHandlerHashProgress", "FileTransferHandler", "The file is being hashed: bytes done and in all.",
    required=("processed", "total"),
)  # fmt: skip
declare(
    "FileTransferHandlerDidStart", "FileTransferHandler",
    "The first byte is about to go or come; transferred of the handler tells from where.",
)  # fmt: skip
declare(
    "FileTransferHandlerProgress", "FileTransferHandler", "Bytes transferred and in all (or None), ten times a second at most.",
    required=("transferred_bytes", "total_bytes"),
)  # fmt: skip
declare("FileTransferHandlerError", "FileTransferHandler", "The transfer failed; error is a sentence.", required=("error",))
declare(
    "FileTransferHandlerDidEnd", "FileTransferHandler", "The transfer is over; reason is None when all went well.",
    required=("error", "reason"),
)  # fmt: skip

# desktops --------------------------------------------------------------------------------------------------------------------

declare(
    "DesktopSharingStreamGotData", "DesktopSharingHandlerBase", "Bytes of RFB came, for a viewer or server of the application.",
    required=("data",),
)  # fmt: skip
declare(
    "DesktopSharingHandlerDidFail", "DesktopSharingHandlerBase",
    "A handler cannot go on: context is 'connecting', 'reading' or 'sending', failure an exception or None; the stream fails with it.",
    required=("context", "failure", "reason"),
)  # fmt: skip
declare(
    "ScreenServerHandlerControlDidFail", "ScreenServerHandler",
    "Control was allowed, but this computer's screen cannot be operated; it is still seen. reason is a sentence.", required=("reason",),
)  # fmt: skip
declare(
    "ScreenServerHandlerPlaceDidChange", "ScreenServerHandler",
    "What is shown is here now, in pixels of the whole screen; at first too. ``shown`` is False while it is hidden (minimised, say) and "
    "its last picture is seen.", required=("left", "top", "width", "height", "shown"),
)  # fmt: skip
declare(
    "ScreenServerHandlerGotClipboard", "ScreenServerHandler", "The viewer, who has control, has this text in its clipboard.",
    required=("text",),
)  # fmt: skip
