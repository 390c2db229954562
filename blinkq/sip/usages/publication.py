"""Publishing the state of something at a server (RFC 3903): the event publication agent.

It refreshes by itself while all goes well. After a failure it waits: trying again is the owner's decision (`publish`, or a new one).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from blinkq.base.errors import IllegalStateError
from blinkq.base.statemachine import StateTable
from blinkq.sip.address import NameAddr
from blinkq.sip.context import Context
from blinkq.sip.digest import Credentials
from blinkq.sip.events import PublicationEnded, PublicationFailed, PublicationRefreshing, PublicationSucceeded
from blinkq.sip.hop import Hop
from blinkq.sip.message import Response
from blinkq.sip.request_builder import build_request
from blinkq.sip.uri import URI
from blinkq.sip.usages.kept_request import KeptRequest

__all__ = ["TABLE", "Publication", "PublicationInput", "PublicationState", "PublishParameters"]


class PublicationState(Enum):
    """Where a publication stands."""

    IDLE = auto()
    PUBLISHING = auto()
    PUBLISHED = auto()
    FAILED = auto()
    REMOVING = auto()
    ENDED = auto()


class PublicationInput(Enum):
    """What can happen to a publication."""

    PUBLISH = auto()
    SUCCESS = auto()
    FAILURE = auto()
    REMOVE = auto()
    END = auto()


_S, _I = PublicationState, PublicationInput

TABLE = StateTable(
    {
        (_S.IDLE, _I.PUBLISH): _S.PUBLISHING,
        (_S.PUBLISHING, _I.SUCCESS): _S.PUBLISHED,
        (_S.PUBLISHING, _I.FAILURE): _S.FAILED,
        (_S.PUBLISHING, _I.END): _S.ENDED,
        (_S.PUBLISHED, _I.PUBLISH): _S.PUBLISHING,
        (_S.PUBLISHED, _I.REMOVE): _S.REMOVING,
        (_S.PUBLISHED, _I.END): _S.ENDED,
        (_S.FAILED, _I.PUBLISH): _S.PUBLISHING,
        (_S.FAILED, _I.REMOVE): _S.REMOVING,
        (_S.FAILED, _I.END): _S.ENDED,
        (_S.REMOVING, _I.END): _S.ENDED,
    },
    initial=_S.IDLE,
    final=frozenset({_S.ENDED}),
)


@dataclass(frozen=True, slots=True)
class PublishParameters:
    """What to publish where.

    request_uri: whose state it is, as sip:alice@example.org, also From and To unless `from_` says it with a name; hop, route_set: the
    way; event: the package; content_type, body: the full state; expires: seconds asked for; headers: further ones; timeout: seconds to
    wait for the answer; automatic: refresh it in time; else only `PublicationRefreshing` tells when that would be.
    """

    request_uri: URI
    from_: NameAddr
    hop: Hop
    event: str
    content_type: str
    body: bytes
    route_set: tuple[NameAddr, ...] = ()
    credentials: Credentials | None = None
    expires: int = 3600
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    automatic: bool = True


class Publication(KeptRequest[PublicationState]):
    """One published state, refreshed until `end`.

    parameters: as last published; expires: seconds granted; etag: the server's name for what is there (None: nothing, as far as we know);
    owner: free for the middleware. Notifies with `PublicationSucceeded` after every answer that keeps it, `PublicationRefreshing` before
    an own refresh, `PublicationFailed` (not terminal), and once, at last, `PublicationEnded`.
    """

    _removing, _ended = _S.REMOVING, _S.ENDED

    def __init__(self, context: Context, parameters: PublishParameters) -> None:
        super().__init__(context, parameters.from_, parameters.expires)
        self.parameters = parameters
        self.etag: str | None = None
        self._state = TABLE.initial
        self._full = True  # whether the present request carries the state
        self._waiting: list[tuple[bool, float | None]] = []
        self._end_timeout: float | None = None

    @property
    def state(self) -> PublicationState:
        """Where it stands."""
        return self._state

    def start(self, now: float) -> None:
        """Send the first PUBLISH."""
        self._publish(True, self.parameters.timeout, now)

    def publish(
        self,
        content_type: str,
        body: bytes,
        *,
        hop: Hop | None = None,
        route_set: Iterable[NameAddr] | None = None,
        timeout: float | None = None,
        now: float,
    ) -> None:
        """Publish another state in the place of the last (RFC 3903 §4.3), also after a failure; by another way when one is given.

        While a request is under way only the latest of these waits for its answer. Raises IllegalStateError after `end`.
        """
        self._require_open("publish")
        self.parameters = replace(
            self.parameters,
            content_type=content_type,
            body=body,
            hop=hop or self.parameters.hop,
            route_set=self.parameters.route_set if route_set is None else tuple(route_set),
        )
        self._ask(True, timeout, now)

    def refresh(self, now: float, *, timeout: float | None = None) -> None:
        """Prolong what is published (§4.1). Raises IllegalStateError after `end`."""
        self._require_open("refresh")
        self._ask(False, timeout, now)

    def end(self, now: float, timeout: float | None = None) -> None:
        """Remove what is published, if anything is (§4.5). `timeout`: seconds to wait. Idempotent; `PublicationEnded` follows."""
        if self._end_wanted:
            return
        self._end_timeout = timeout
        self._end_wanted = True
        self._stop_timer()
        if self._exchange is None:
            self._remove(now)

    # -- outcomes

    def _succeed(self, response: Response, now: float) -> None:
        self._state = TABLE.next(self._state, _I.SUCCESS)
        self.etag = response.headers.get("SIP-ETag") or None
        self.expires = self._granted(response)
        if self._end_wanted:
            self._remove(now)
            return
        self._context.emit(PublicationSucceeded(self, response.code, response.reason, self.expires, response))
        if self._waiting:
            self._publish(*self._waiting.pop(), now)
            return
        self._schedule_refresh(now)

    def _fail(self, code: int, reason: str, response: Response | None, now: float) -> None:
        self._state = TABLE.next(self._state, _I.FAILURE)
        if code == 412:
            self.etag = None  # §4.4: there is nothing of ours any more
        if self._end_wanted:
            self._remove(now)
            return
        retry_after, min_expires = (None, None) if response is None else (response.retry_after, response.min_expires)
        self._context.emit(PublicationFailed(self, code, reason, response, retry_after, min_expires))
        if self._waiting:
            self._publish(*self._waiting.pop(), now)

    def _finish(self, code: int | None, reason: str) -> None:
        self.etag = None
        self._state = TABLE.next(self._state, _I.END)
        self._context.emit(PublicationEnded(self, code, reason))

    # -- sending

    def _ask(self, full: bool, timeout: float | None, now: float) -> None:
        if self._exchange is None:
            self._publish(full, timeout, now)
        else:
            # §4: one PUBLISH at a time. A refresh that waits behind a new state is that new state.
            full = full or any(waiting for waiting, _ in self._waiting)
            self._waiting = [(full, timeout)]

    def _publish(self, full: bool, timeout: float | None, now: float) -> None:
        self._stop_timer()
        self._state = TABLE.next(self._state, _I.PUBLISH)
        self._full = full or self.etag is None  # what is not there cannot be prolonged
        self._send(timeout, now)

    def _remove(self, now: float) -> None:
        if self.etag is None:
            self._finish(None, "not published")
            return
        self._state = TABLE.next(self._state, _I.REMOVE)
        self._requested, self._full = 0, False
        self._send(self._end_timeout, now)

    def _send(self, timeout: float | None, now: float) -> None:
        parameters = self.parameters
        headers = [("Event", parameters.event), ("Expires", str(self._requested)), *parameters.headers]
        if self.etag is not None:
            headers.append(("SIP-If-Match", self.etag))
        request = build_request(
            "PUBLISH",
            parameters.request_uri,
            route_set=parameters.route_set,
            from_=self._from,
            to=parameters.from_.without_parameter("tag"),
            call_id=self.call_id,
            cseq=self._next_cseq(),
            headers=headers,
            body=parameters.body if self._full else b"",
            content_type=parameters.content_type if self._full else None,
        )
        self._begin(request, parameters.hop, parameters.credentials, timeout, now)

    def _repeat(self, now: float) -> None:
        self._send(None, now)

    def _require_open(self, method: str) -> None:
        if self._end_wanted:
            raise IllegalStateError(f"Publication.{method} in state {self._state.name}")

    def _refresh_is_due(self, now: float) -> None:
        self._context.emit(PublicationRefreshing(self))
        if self.parameters.automatic:
            self._publish(False, None, now)
