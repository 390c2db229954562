"""A single request outside or inside a dialog, for whoever asks the agent to send one (OPTIONS, MESSAGE, INFO ...)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blinkq.sip.address import NameAddr
from blinkq.sip.authentication import KnownChallenges
from blinkq.sip.context import Context
from blinkq.sip.digest import Credentials
from blinkq.sip.events import RequestAnswered, RequestFailed, RequestProgressed
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.request_builder import build_request
from blinkq.sip.uri import URI

__all__ = ["ClientRequest", "RequestParameters", "request_of"]


@dataclass(frozen=True, slots=True)
class RequestParameters:
    """A request outside dialogs.

    from_: our address, without a tag; hop: where it goes; route_set: preloaded routes, nearest first; headers: further ones;
    body with content_type: the payload; call_id, cseq: of a series of requests, fresh ones by default; timeout: seconds to wait for the
    answer; progress: whether provisional answers are reported; known: challenges of earlier requests to answer before being asked, kept
    by the caller from request to request. INVITE, ACK, BYE and CANCEL have usages of their own.
    """

    method: str
    request_uri: URI
    from_: NameAddr
    to: NameAddr
    hop: Hop
    route_set: tuple[NameAddr, ...] = ()
    credentials: Credentials | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str | None = None
    call_id: str | None = None
    cseq: int | None = None
    timeout: float | None = None
    progress: bool = False
    known: KnownChallenges | None = field(default=None, repr=False)


class ClientRequest:
    """A request on its way. Ends with exactly one `RequestAnswered` or `RequestFailed`.

    request: as last sent; owner: free for whoever made it; progress: whether `RequestProgressed` is wanted.
    """

    def __init__(
        self,
        context: Context,
        owner: Any = None,
        on_answer: Callable[[Response, float], None] | None = None,
        progress: bool = False,
    ):
        self.owner = owner
        self.progress = progress
        self.finished = False
        self._context = context
        self._on_answer = on_answer
        self._exchange: Exchange | None = None

    @property
    def request(self) -> Request | None:
        return None if self._exchange is None else self._exchange.request

    def start(
        self,
        request: Request,
        hop: Hop,
        flow: Flow | None,
        next_cseq: Callable[[], int],
        credentials: Credentials | None,
        in_dialog: bool,
        now: float,
        known: KnownChallenges | None = None,
        timeout: float | None = None,
    ) -> None:
        """Send it."""
        self._exchange = Exchange(
            self._context, self, request, hop, flow, next_cseq, credentials=credentials, in_dialog=in_dialog, known=known
        )
        self._exchange.start(now, timeout)

    def abandon(self, now: float) -> None:
        """Nobody waits for the answer any more: stop repeating the request; no event follows. Idempotent."""
        if not self.finished:
            self.finished = True
            assert self._exchange is not None  # it was started
            self._exchange.abandon(now)

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Reported when it is wanted."""
        if self.progress:
            self._context.emit(RequestProgressed(self, response.code, response.reason, response))

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The answer."""
        self.finished = True
        self._context.emit(RequestAnswered(self, response.code, response.reason, response))
        if self._on_answer is not None:
            self._on_answer(response, now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """No answer."""
        self.finished = True
        self._context.emit(RequestFailed(self, code, reason))


def request_of(context: Context, parameters: RequestParameters, now: float) -> ClientRequest:
    """Send the request that `parameters` describe. Raises ValueError for the methods that have their own usages."""
    if parameters.method in ("INVITE", "ACK", "BYE", "CANCEL"):
        raise ValueError(f"{parameters.method} is not a request of its own")
    cseq = context.entropy.integer(1, 1 << 15) if parameters.cseq is None else parameters.cseq
    request = build_request(
        parameters.method,
        parameters.request_uri,
        route_set=parameters.route_set,
        from_=parameters.from_.with_parameter("tag", context.tag()),
        to=parameters.to,
        call_id=parameters.call_id or context.call_id(),
        cseq=cseq,
        headers=parameters.headers,
        body=parameters.body,
        content_type=parameters.content_type,
    )
    made = ClientRequest(context, progress=parameters.progress)
    numbers = iter(range(cseq + 1, cseq + 1000))
    made.start(
        request,
        parameters.hop,
        None,
        lambda: next(numbers),
        parameters.credentials,
        False,
        now,
        parameters.known,
        parameters.timeout,
    )
    return made
