"""``blinkq answer``: wait for calls, ring, answer or refuse them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.chat_lines import ChatLines
from blinkq.cli.conversation import Conversation
from blinkq.cli.file_report import FileReport
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_folder, full_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import BonjourAccount
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.explain import explain_registration
from blinkq.sipsimple.session import IllegalStateError, Session
from blinkq.sipsimple.streams import ChatStream, DesktopSharingStream, FileTransferStream
from blinkq.sipsimple.streams.msrp import ExternalVNCViewerHandler, ScreenServerHandler

__all__ = ["AnswerTool", "run"]

VIEWER_LIMIT = 60.0  # seconds in which a person starts a VNC viewer


def run(options: Namespace, output: Output) -> int:
    """Answer calls; returns 0 when every one went as asked."""
    check_files(options)
    check_folder(options)
    return AnswerTool(options, output).run()


class AnswerTool(Tool):
    """Answers (or refuses) each incoming call; ``--count`` calls later it leaves."""

    registers = True
    echoes = False

    def begin(self) -> None:
        self.conversations: list[Conversation] = []
        self._viewers: dict[object, ExternalVNCViewerHandler] = {}
        self.attendants: list[ChatLines | FileReport] = []
        self.ended = 0
        self.failures = 0
        self.leaving = False
        self.account = selected_account(self.options)
        self.target = None if self.options.transfer is None else full_uri(self.options.transfer, self.options, self.account)
        self.output.say(f"Waiting for calls at {self.addresses()}")

    def addresses(self) -> str:
        """Where callers reach this command."""
        if isinstance(self.account, BonjourAccount):
            return f"the local network, as {self.account.announced_name}"
        if self.account.registration.enabled:
            return f"sip:{self.account.id}"
        user, udp, tcp = self.account.id.username, self.account.contact["udp"], self.account.contact["tcp"]
        if udp.port == tcp.port:
            return f"{SIPURI(udp.host, user=user, port=udp.port)} (UDP and TCP)"
        over_tcp = SIPURI(tcp.host, user=user, port=tcp.port, parameters={"transport": "tcp"})
        return f"{SIPURI(udp.host, user=user, port=udp.port)} and {over_tcp}"

    def interrupt(self) -> None:
        self.leaving = True
        for conversation in self.conversations:
            conversation.end()
        self._leave_if_done()

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._started:
            for conversation in list(self.conversations):
                if conversation.takes(notification):
                    conversation.handle_notification(notification)
            for attendant in list(self.attendants):
                if attendant.takes(notification):
                    attendant.handle_notification(notification)
                    if isinstance(attendant, FileReport) and attendant.over:
                        self.attendants.remove(attendant)

    def _NH_SIPAccountRegistrationDidSucceed(self, notification: Notification) -> None:
        self.output.say(f"Registered {notification.sender.id} for {notification.data.expires} seconds")

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        data = notification.data
        self.output.say(explain_registration(vars(data).get("code"), data.error, notification.sender.id).text())

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        session: Session = notification.sender
        if session.replaced_session is not None:
            self.output.say(f"{session.replaced_session.remote_identity} hands us over")
        hand_over = self._hand_over_later if self.target is not None else None
        kind = next((stream.type for stream in session.proposed_streams or ()), "audio")
        conversation = Conversation(
            self, session, self._conversation_ended, echo=self.echoes, on_start=hand_over, kind=kind,
            take=lambda streams: self._added(session, streams),
        )  # fmt: skip
        conversation.transferring = self.target is not None
        self.conversations.append(conversation)
        self.output.say(f"{conversation.peer} is calling")
        if self.options.code is not None:
            session.reject(self.options.code)
            return
        session.send_ring_indication()
        self.after(self.options.after, lambda: self._accept(conversation))

    def _hand_over_later(self, conversation: Conversation) -> None:
        target = self.target
        assert target is not None
        self.after(self.options.transfer_after, lambda: conversation.transfer(target))

    def _accept(self, conversation: Conversation) -> None:
        session = conversation.session
        wanted = self._wanted(session.proposed_streams or [])
        try:
            if wanted:
                session.accept(wanted)
            else:
                session.reject(488)
        except IllegalStateError:  # the caller gave up while we rang; SIPSessionDidFail is under way
            pass

    def _added(self, session: Session, proposed: Iterable[Any]) -> list[Any]:
        """The streams to take into a call: one of each kind is enough there too, but for files."""
        there = {"audio", *(stream.type for stream in session.streams or ())} - {"file-transfer"}
        return self._wanted(stream for stream in proposed if stream.type not in there)

    def _wanted(self, offered: Iterable[Any]) -> list[Any]:
        """The streams to accept, one of each kind (of files all), with somebody to attend to those that are no sound."""
        wanted: dict[object, Any] = {}
        for stream in offered:
            if stream.type not in self.options.accept:
                continue
            if isinstance(stream, FileTransferStream):
                if stream.direction == "sendonly":  # who asks for a file of ours gets none
                    continue
                if self.options.files_dir is not None:
                    stream.handler.save_directory = self.options.files_dir
                self.attendants.append(FileReport(self, stream))
                wanted[stream] = stream
            elif stream.type not in wanted:
                wanted[stream.type] = stream
                if isinstance(stream, DesktopSharingStream):
                    self._take_desktop(stream)
                if isinstance(stream, ChatStream):
                    self.attendants.append(ChatLines(self, stream, echo=self.echoes))
        return list(wanted.values())

    def _take_desktop(self, stream: DesktopSharingStream) -> None:
        """Show ours (the echo service's test screen), or lead theirs to a VNC viewer on this computer."""
        if stream.handler.type == "passive":
            stream.handler = ScreenServerHandler(None if self.echoes else 0)
            self.output.say("The caller sees the test screen" if self.echoes else "The caller sees your screen")
        else:
            handler = ExternalVNCViewerHandler(("localhost", 0), VIEWER_LIMIT)
            stream.handler = handler
            self._viewers[stream] = handler

    def _NH_MediaStreamDidStart(self, notification: Notification) -> None:
        handler = self._viewers.pop(notification.sender, None)
        if handler is not None:
            self.after(0.2, lambda: self._tell_port(notification.sender, handler))

    def _tell_port(self, stream: Any, handler: ExternalVNCViewerHandler) -> None:
        if any(stream in (conversation.session.streams or ()) for conversation in self.conversations):
            self.output.say(f"Connect a VNC viewer to localhost port {handler.address[1]}")

    def _NH_MediaStreamDidEnd(self, notification: Notification) -> None:
        # what became of a file is told after its stream has ended
        self.attendants = [one for one in self.attendants if isinstance(one, FileReport) or one.stream is not notification.sender]

    def _conversation_ended(self, conversation: Conversation, success: bool) -> None:
        self.conversations.remove(conversation)
        self.ended += 1
        self.failures += not (success or self.options.code is not None)
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        enough = self.options.count is not None and self.ended >= self.options.count
        if (enough or self.leaving) and not self.conversations:
            self.finish(1 if self.failures else 0)
