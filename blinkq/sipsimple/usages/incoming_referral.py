"""IncomingReferral: somebody asks us, outside calls, to contact somebody else, and wants to hear how it goes (RFC 3515)."""

from __future__ import annotations

from typing import Any

from blinkq.base.catalogue import post
from blinkq.sip.errors import SIPParseError
from blinkq.sip.status import reason_phrase
from blinkq.sip.usages.incoming_subscription import IncomingSubscription as Usage
from blinkq.sipsimple.usages.engine_object import check
from blinkq.sipsimple.usages.notifier import Notifier
from blinkq.sipsimple.values.parameter_headers import FrozenReferToHeader

__all__ = ["IncomingReferral"]

_SIPFRAG = "message/sipfrag;version=2.0"


class IncomingReferral(Notifier):
    """One REFER of a peer. Made by the Engine while "refer" is in ``Engine().incoming_events``; else REFERs outside calls are refused.

    Posts SIPIncomingReferralGotRefer, ChangedState, AnsweredRefer, SentNotify, NotifyDidSucceed, NotifyDidFail, GotRefreshingSubscribe,
    GotUnsubscribe and DidEnd. It does nothing by itself: whether to follow is for the application, and that means its user, to say.
    """

    _kind = "SIPIncomingReferral"
    _answered = "AnsweredRefer"

    def __init__(self, usage: Usage) -> None:
        super().__init__(usage)
        self.refer_to_header: FrozenReferToHeader | None = None

    @classmethod
    def received(cls, account: Any, usage: Usage) -> None:
        """Take a REFER from Reception. Engine thread only."""
        made = cls(usage)
        try:
            made.refer_to_header = FrozenReferToHeader.from_body(usage.request.headers.get("Refer-To") or "")
        except SIPParseError:
            made._call(usage.reject, 400)
            return
        usage.credentials = None if account is None else account.credentials.to_digest()
        made._announce("GotRefer", refer_to=made.refer_to_header)

    def accept(self, code: int = 202, duration: int = 180) -> None:
        """Accept it for at most ``duration`` seconds, and tell "100 Trying". ``code``: 200 to 299. Raises IllegalStateError, ValueError."""
        check(code=(code, int), duration=(duration, int))
        if not 200 <= code <= 299:
            raise ValueError(f"{code} is no acceptance: those are 200 to 299")
        with self._guard:
            self._require("accept", "INCOMING")
            self._command(self._accept, code, duration)
            self._decided = True

    def reject(self, code: int) -> None:
        """Refuse it. ``code``: 300 to 699 (ValueError). Raises IllegalStateError when it is answered."""
        check(code=(code, int))
        if not 300 <= code <= 699:
            raise ValueError(f"{code} is no refusal: those are 300 to 699")
        with self._guard:
            self._require("reject", "INCOMING")
            self._command(self._reject, code)
            self._decided = True

    def send_notify(self, code: int, status: str | None = None) -> None:
        """Tell how it goes: a status code and its text. Raises IllegalStateError unless it is active."""
        with self._guard:
            self._require("send_notify", "ACTIVE")
            self._command(self._send_notify, _fragment(code, status), None)

    def end(self, code: int, status: str | None = None) -> None:
        """Tell how it ended. Raises IllegalStateError unless it is active."""
        with self._guard:
            self._require("end", "ACTIVE")
            self._command(self._send_notify, _fragment(code, status), "terminated")

    # -- on the engine thread

    async def _accept(self, code: int, duration: int) -> None:
        body = _fragment(100, None)
        self._answer(self._usage.accept, code, "ACTIVE", code=code, expires=duration, content_type=_SIPFRAG, body=body)

    async def _reject(self, code: int) -> None:
        self._answer(self._usage.reject, code, None, code=code)

    async def _send_notify(self, body: bytes, state: str | None) -> None:
        if self.state == "ACTIVE":
            post("SIPIncomingReferralSentNotify", self)
            self._call(self._usage.notify, _SIPFRAG, body, state)


def _fragment(code: int, status: str | None) -> bytes:
    check(code=(code, int), status=(status, (str, type(None))))
    if not 100 <= code <= 699:
        raise ValueError(f"{code} is no status code: those are 100 to 699")
    text = (status or reason_phrase(code)).replace("\r", " ").replace("\n", " ")
    return f"SIP/2.0 {code} {text}\r\n".encode()
