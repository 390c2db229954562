"""``blinkq transfer URI TARGET``: place a call, then hand the peer over to somebody else."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.call import CallTool
from blinkq.cli.conversation import Conversation
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_uri, full_uri
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.explain import explain_lookup
from blinkq.sipsimple.headers import ToHeader
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.streams import AudioStream

__all__ = ["run"]

FAREWELL_LIMIT = 5.0  # seconds in which the target ends our call with it, once it talks to the peer


def run(options: Namespace, output: Output) -> int:
    """Call and hand over; returns 0 when the peer reports that it talks to the target."""
    check_files(options)
    check_uri(options)
    return TransferTool(options, output).run()


class TransferTool(CallTool):
    """Calls URI, with ``--attended`` TARGET as well, and hands over."""

    def begin(self) -> None:
        self.consultation: Conversation | None = None
        self.target_lookup: DNSLookup | None = None
        super().begin()
        self.target = full_uri(self.options.target, self.options, self.account)

    def converse(self, session: Session) -> Conversation:
        """Accompany the first call; it has to be handed over."""
        conversation = Conversation(
            self, session, self._first_ended, on_start=lambda _conversation: self.after(self.options.after, self._hand_over)
        )
        conversation.transferring = True
        return conversation

    def interrupt(self) -> None:
        super().interrupt()
        if self.consultation is not None:
            self.consultation.end()

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._started and self.consultation is not None and self.consultation.takes(notification):
            self.consultation.handle_notification(notification)

    # handing over --------------------------------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        first = self.conversation
        if first is None or first.finished:
            return
        if not self.options.attended:
            first.transfer(self.target)
            return
        first.session.hold()
        self.target_lookup = DNSLookup()
        self.target_lookup.lookup_sip_proxy(target_of(self.account, self.target), list(SIPSimpleSettings().sip.transport_list))

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if not self._started or notification.sender is not self.target_lookup:
            super()._NH_DNSLookupDidSucceed(notification)
            return
        session = Session(self.account)
        self.consultation = Conversation(self, session, self._consultation_ended, on_start=self._consulted, record=None)
        self.output.say(f"Calling {self.target}")
        session.connect(ToHeader(self.target), notification.data.result, [AudioStream(self.account)])

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self._started and notification.sender is self.target_lookup and self.conversation is not None:
            self.output.say(explain_lookup(notification.data.error, str(self.target)).text())
            self.conversation.end()
        else:
            super()._NH_DNSLookupDidFail(notification)

    def _consulted(self, consultation: Conversation) -> None:
        first = self.conversation
        assert first is not None  # it was there before we asked the target
        self.after(self.options.after, lambda: first.transfer(self.target, consultation.session))

    # the end -----------------------------------------------------------------------------------------------------------------------------

    def _first_ended(self, conversation: Conversation, success: bool) -> None:
        self._status_at_end = 0 if success else 1
        consultation = self.consultation
        if consultation is None or consultation.finished:
            self.finish(self._status_at_end)
        elif success:
            self.after(FAREWELL_LIMIT, consultation.end)  # the target ends it; should it not know Replaces, we do
        else:
            consultation.end()

    def _consultation_ended(self, consultation: Conversation, success: bool) -> None:
        assert self.conversation is not None  # it was there before we asked the target
        if self.conversation.finished:
            self.finish(self._status_at_end)
        elif not consultation.started:
            self.conversation.end()  # nobody to hand over to
