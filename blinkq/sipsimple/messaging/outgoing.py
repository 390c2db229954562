"""OutgoingMessage: one message to somebody, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.payloads.cpim import ChatIdentity, SimplePayload
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification
from blinkq.sipsimple.account import AnyAccount
from blinkq.sipsimple.headers import BaseIdentityHeader, FrozenToHeader
from blinkq.sipsimple.messaging.carrier import Outcome, carry
from blinkq.sipsimple.messaging.envelope import wrap
from blinkq.sipsimple.messaging.pending import Pending
from blinkq.sipsimple.messaging.states import TABLE, MessageInput, MessageState
from blinkq.sipsimple.receipts import DISPOSITIONS, check_dispositions
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import check, new_call_id

__all__ = ["DISPOSITIONS", "MAX_SIZE", "OutgoingMessage"]

#: Bytes. Messages outside calls are pages, not books (RFC 3428 §8); more goes by a chat session or as a file.
MAX_SIZE = 48 * 1024

_I = MessageInput


class OutgoingMessage:
    """One message.

    :param account: in whose name it is sent
    :param to: SIPURI, or a header with an address
    :param content: text, or bytes of any type; at most MAX_SIZE bytes (ValueError)
    :param dispositions: the receipts to ask for, of DISPOSITIONS; they and a subject need an envelope (CPIM)
    :param cpim: True and False: with and without an envelope; None: where it is needed, but without one (and so without receipts) if the
        account's ``sms.use_cpim`` is off or the other side refuses it

    ``state`` is a MessageState. ``id`` is what receipts name it by. Posts OutgoingMessageDidSend or OutgoingMessageDidFail, and as far as
    receipts were asked for and come: OutgoingMessageDidDeliver, OutgoingMessageDidNotDeliver, OutgoingMessageDidDisplay. A receipt counts
    only if it comes from the address that the message was sent to.
    """

    def __init__(
        self, account: AnyAccount, to: BaseSIPURI | BaseIdentityHeader, content: str | bytes, content_type: str = "text/plain", *,
        dispositions: Iterable[str] = (), subject: str | None = None, cpim: bool | None = None,
    ) -> None:  # fmt: skip
        check(
            to=(to, (BaseSIPURI, BaseIdentityHeader)), content=(content, (str, bytes)), content_type=(content_type, str),
            subject=(subject, (str, type(None))),
        )  # fmt: skip
        self.account = account
        self.remote_identity = FrozenToHeader(FrozenSIPURI.new(to)) if isinstance(to, BaseSIPURI) else FrozenToHeader.new(to)
        self.content = content
        self.content_type = content_type
        self.dispositions = check_dispositions(dispositions)
        self.subject = subject
        self.cpim = cpim
        self.id = new_call_id()
        self.state = TABLE.initial
        self.route: Route | None = None
        self._guard = threading.Lock()
        if cpim is False and (self.dispositions or subject is not None):
            raise ValueError("receipts and a subject need an envelope (cpim)")
        self._plain = _plain(content, content_type)
        needed = bool(self.dispositions) or subject is not None
        self._wrapped = self._wrap() if cpim or (needed and account.sms.use_cpim) else None
        if len((self._wrapped or self._plain)[0]) > MAX_SIZE:
            raise ValueError(f"a message has at most {MAX_SIZE} bytes: send it in a chat session or as a file")

    def send(self, routes: Sequence[Route] | None = None) -> None:
        """Send it, once (IllegalStateError), also when no engine runs.

        :param routes: to be tried in this order; None to look them up
        """
        engine = Runtime.current()
        with self._guard:
            if self.state is not MessageState.CREATED:
                raise IllegalStateError(f"OutgoingMessage.send in state {self.state.value}")
            self.state = TABLE.next(self.state, _I.SEND)
        engine.loop.call(self._begin, None if routes is None else list(routes))

    # -- on the engine thread

    def receipt(self, notification: object) -> None:
        """The receiver tells what became of it; called by the message manager, who knows that it is the receiver."""
        match notification:
            case DeliveryNotification(status="delivered"):
                self._move(_I.DELIVERY, "OutgoingMessageDidDeliver")
            case DeliveryNotification(status="failed" | "error" as status):
                self._move(_I.NO_DELIVERY, "OutgoingMessageDidNotDeliver", reason=status)
            case DisplayNotification(status="displayed"):
                self._move(_I.DISPLAY, "OutgoingMessageDidDisplay")

    def _begin(self, routes: list[Route] | None) -> None:
        if Runtime.engine is not None:
            Runtime.spawn(self._send(routes))

    async def _send(self, routes: list[Route] | None) -> None:
        if self.dispositions:
            Pending().add(self)
        outcome = await carry(self.account, self.remote_identity.uri, *(self._wrapped or self._plain), routes)
        wrapped = self._wrapped is not None
        if wrapped and self.cpim is None and self.subject is None and outcome.code in (406, 415):
            # better without receipts than not at all
            wrapped = False
            outcome = await carry(self.account, self.remote_identity.uri, *self._plain, routes)
        self._sent(outcome, wrapped)

    def _sent(self, outcome: Outcome, wrapped: bool) -> None:
        self.route = outcome.route
        if not outcome.success or not wrapped:
            Pending().discard(self)
        answer: dict[str, object] = {"code": outcome.code, "reason": outcome.reason, "route": outcome.route}
        if outcome.success:
            self._move(_I.ACCEPTED, "OutgoingMessageDidSend", **answer, wrapped=wrapped)
        else:
            self._move(_I.REFUSED, "OutgoingMessageDidFail", **answer)

    def _move(self, event: MessageInput, name: str, **data: object) -> None:
        if not TABLE.allows(self.state, event):
            return  # a second receipt
        before, self.state = self.state, TABLE.next(self.state, event)
        if not (event is _I.REFUSED and before is MessageState.DELIVERED):
            post(name, self, **data)
        if self.state in TABLE.final:
            Pending().discard(self)

    def _wrap(self) -> tuple[bytes, str]:
        me = ChatIdentity(str(self.account.uri), self.account.display_name)
        you = ChatIdentity(str(self.remote_identity.uri), self.remote_identity.display_name)
        return wrap(
            self.content, self.content_type, me, you, self.id, dispositions=self.dispositions, subject=self.subject
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<OutgoingMessage {self.id} to {self.remote_identity.uri}, {self.state.value}>"


def _plain(content: str | bytes, content_type: str) -> tuple[bytes, str]:
    body, written = SimplePayload(content, content_type).encode()
    if "\r" in written or "\n" in written or "/" not in written:
        raise ValueError(f"{content_type!r} is no content type")
    return body, written
