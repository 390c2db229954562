"""What a session asks of its streams. Anybody may write streams: what they raise ends them, and never the call that they are part of.

Streams of applications are given FrozenSDPSession objects and answer with an SDPMediaStream, as the specification says. Those that set
``takes_descriptions`` work on the offer/answer model's own objects, as ours do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blinkq.base.logging import get_logger
from blinkq.sdp.description import MediaDescription, SessionDescription
from blinkq.sipsimple.streams.interface import StreamError
from blinkq.sipsimple.values.sdp import BaseSDPMediaStream, FrozenSDPSession

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = [
    "close_stream", "failure_of", "initialize_stream", "local_media", "may_update", "new_stream", "start_stream", "update_stream",
]  # fmt: skip

log = get_logger("sipsimple.session")


def failure_of(stream: Any, action: Callable[[], object]) -> str | None:
    """Run ``action``, a method of ``stream``; what went wrong, or None."""
    try:
        action()
    except Exception as error:  # see above: a call must not hang between two states because of one stream
        log.exception("the %s stream failed", stream.type)
        return str(error) or type(error).__name__
    return None


def initialize_stream(stream: Any, session: Session, direction: str) -> None:
    """Make ``stream`` one of ``session``, on hold where that is; ``direction`` "incoming" or "outgoing" of this negotiation."""
    stream.session = session
    if session.hold_wanted and stream.hold_supported:
        stream.hold()
    stream.initialize(session, direction)


def new_stream(cls: Any, session: Session, offer: SessionDescription, index: int) -> Any:
    """A stream of class ``cls`` for m= line ``index`` of an offer, or what the class raises or returns instead.

    Its method takes the account first, or the session where it calls its first parameter so, as in later editions of the middleware.
    """
    owner = session if _first_parameter(cls.new_from_sdp) == "session" else session.account
    return cls.new_from_sdp(owner, _shown(cls, offer), index)


def start_stream(stream: Any, local: SessionDescription, remote: SessionDescription, index: int) -> None:
    """Start it with what was negotiated."""
    stream.start(_shown(stream, local), _shown(stream, remote), index)


def update_stream(stream: Any, local: SessionDescription, remote: SessionDescription, index: int) -> None:
    """Give it a new negotiation."""
    stream.update(_shown(stream, local), _shown(stream, remote), index)


def local_media(stream: Any, remote: SessionDescription | None = None, index: int = 0) -> MediaDescription:
    """The stream's m= line: an offer, or the answer to m= line ``index`` of ``remote``. Raises StreamError.

    The specification's method takes ``for_offer`` alone, that of our own streams also what is answered; where the first parameter is
    ``remote_sdp``, as in later editions of the middleware, there is no ``for_offer``.
    """
    arguments: tuple[Any, ...] = (True,) if remote is None else (False, _shown(stream, remote), index)
    try:
        if _first_parameter(stream.get_local_media) == "remote_sdp":
            arguments = arguments[1:]
        else:
            try:
                inspect.signature(stream.get_local_media).bind(*arguments)
            except TypeError:
                arguments = arguments[:1]
        line = stream.get_local_media(*arguments)
        media: MediaDescription = line.to_description() if isinstance(line, BaseSDPMediaStream) else line
    except StreamError:
        raise
    except Exception as error:  # see above
        log.exception("the %s stream has no media line", stream.type)
        raise StreamError(f"{stream.type} media stream failed: {error}") from error
    return media


def may_update(stream: Any, remote: SessionDescription, index: int) -> bool:
    """Whether the stream accepts m= line ``index`` of an offer."""
    try:
        return bool(stream.validate_update(_shown(stream, remote), index))
    except Exception:  # see above
        log.exception("the %s stream cannot judge an offer", stream.type)
        return False


def close_stream(stream: Any) -> None:
    """Deactivate and end it."""
    failure_of(stream, stream.deactivate)
    failure_of(stream, stream.end)


def _first_parameter(method: Callable[..., Any]) -> str | None:
    return next(iter(inspect.signature(method).parameters), None)


def _shown(stream: Any, description: SessionDescription) -> Any:
    return description if getattr(stream, "takes_descriptions", False) else FrozenSDPSession.from_description(description)
