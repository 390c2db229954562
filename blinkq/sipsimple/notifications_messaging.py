"""The catalogue's part about messages outside calls; see ``notifications.py``."""

from __future__ import annotations

from blinkq.base.catalogue import declare

declare(
    "SIPAccountGotMessage", "Account",
    "Somebody who may call sent a message outside calls. content is text, or bytes of other types; sent_at: when it was written, as the "
    "sender says, else when it came; dispositions: the receipts that the sender wants (message.mark_displayed() sends one).",
    required=("message", "remote_identity", "content", "content_type", "sent_at", "subject", "dispositions"),
)  # fmt: skip
declare(
    "SIPAccountGotComposingIndication", "Account",
    "Somebody is writing a message (state active) or is not any more (idle); content_type is what is being written, None if not said.",
    required=("remote_identity", "state", "content_type"),
)  # fmt: skip
declare(
    "OutgoingMessageDidSend", "OutgoingMessage",
    "The other side took the message (code 200), or somebody keeps it for later (202). wrapped: it went in an envelope; receipts may come.",
    required=("code", "reason", "route", "wrapped"),
)  # fmt: skip
declare(
    "OutgoingMessageDidFail", "OutgoingMessage", "The message was refused, or (408, 503) did not get through; reason says why.",
    required=("code", "reason", "route"),
)  # fmt: skip
declare("OutgoingMessageDidDeliver", "OutgoingMessage", "The receiver's device has it.")
declare("OutgoingMessageDidNotDeliver", "OutgoingMessage", "The receiver's side says that it could not be delivered.", required=("reason",))
declare("OutgoingMessageDidDisplay", "OutgoingMessage", "The receiver has seen it.")
