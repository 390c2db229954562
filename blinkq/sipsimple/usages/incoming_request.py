"""IncomingRequest: a request of a peer outside dialogs that the application answers."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.status import reason_phrase
from blinkq.sip.usages.incoming_request import IncomingRequest as Usage
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.usages.engine_object import EndpointAddress, EngineObject, check, header_lines
from blinkq.sipsimple.usages.message_data import request_data
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["IncomingRequest"]


class IncomingRequest(EngineObject):
    """One request; ``state`` is "incoming", then "answered". Made by the Engine for the methods in ``Engine().incoming_requests``.

    Posts SIPIncomingRequestGotRequest and SIPIncomingRequestSentResponse.
    """

    def __init__(self, usage: Usage) -> None:
        super().__init__()
        self.state = "incoming"
        self.peer_address = EndpointAddress(usage.flow.remote_address, usage.flow.remote_port)
        self._usage = usage

    @classmethod
    def received(cls, account: object, usage: Usage) -> None:
        """Take a request from Reception. Engine thread only."""
        post("SIPIncomingRequestGotRequest", cls(usage), **request_data(usage.request))

    def answer(self, code: int, reason: str | None = None, extra_headers: Iterable[BaseHeader] | None = None) -> None:
        """Answer it, once (IllegalStateError). ``code``: 200 to 699 (ValueError)."""
        check(code=(code, int), reason=(reason, (str, type(None))))
        lines = header_lines(extra_headers)
        if not 200 <= code <= 699:
            raise ValueError(f"{code} is no final code: those are 200 to 699")
        with self._guard:
            if self.state != "incoming":
                raise IllegalStateError(f"IncomingRequest.answer in state {self.state}")
            self._command(self._answer, code, reason, lines)
            self.state = "answered"

    async def _answer(self, code: int, reason: str | None, lines: tuple[tuple[str, str], ...]) -> None:
        if self._usage.answered:  # it has waited too long: the agent has answered 500
            return
        Runtime.current().sip.call(self._usage.answer, code, reason, headers=lines)
        post("SIPIncomingRequestSentResponse", self, code=code, reason=reason or reason_phrase(code), headers=dict(lines), body=None)
