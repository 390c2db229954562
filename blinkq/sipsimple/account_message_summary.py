"""Whether voicemail waits for an account: the message-summary subscription (RFC 3842)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.payloads.errors import ParserError
from blinkq.payloads.messagesummary import MessageSummary
from blinkq.sip.events import SubscriptionNotified
from blinkq.sipsimple.kept_subscription import KeptSubscription
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["MWISubscriber"]

log = get_logger("sipsimple.account_message_summary")


class MWISubscriber(KeptSubscription):
    """Asks for the message summary of the account's mailbox; the latest is ``message_summary``.

    Posts SIPAccountGotMessageSummary in the account's name.
    """

    def __init__(self, account: Account) -> None:
        mailbox = account.message_summary.voicemail_uri
        target = account.uri if mailbox is None else SIPURI(mailbox.domain, user=mailbox.username)
        super().__init__(
            account, target, "message-summary", "MWI", MessageSummary.content_type, self._take_summary, lambda reason: None
        )  # fmt: skip
        self.message_summary: MessageSummary | None = None

    def _take_summary(self, event: SubscriptionNotified) -> None:
        if not event.body:
            return
        try:
            self.message_summary = MessageSummary.parse(event.body)
        except ParserError as error:
            log.info("%s: unusable message summary: %s", self.account.id, error)
            return
        post("SIPAccountGotMessageSummary", self.account, message_summary=self.message_summary)
