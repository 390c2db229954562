"""Which stream class takes which m= line of a peer's offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from blinkq.base.logging import get_logger
from blinkq.sdp.description import SessionDescription
from blinkq.sipsimple.session.stream_calls import new_stream
from blinkq.sipsimple.streams import MediaStreamRegistry
from blinkq.sipsimple.streams.interface import InvalidStreamError, UnknownStreamError

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["MAX_STREAMS", "streams_for"]

log = get_logger("sipsimple.session")

MAX_STREAMS = 8  # of one call that are offered to the user; each costs sockets and a codec, and a peer may offer as many as it likes


def streams_for(
    session: Session, offer: SessionDescription, indexes: Iterable[int], room: int = MAX_STREAMS
) -> tuple[dict[int, Any], list[str]]:
    """A stream for each usable m= line of ``indexes``, at most ``room`` of them, and why the others are not usable."""
    lines: dict[int, Any] = {}
    problems: list[str] = []
    for index in indexes:
        if len(lines) >= room:
            problems.append("no more streams are taken in one call")
            break
        stream = _stream_for(session, offer, index, problems) if offer.media[index].port != 0 else None
        if stream is not None:
            lines[index] = stream
    return lines, problems


def _stream_for(session: Session, offer: SessionDescription, index: int, problems: list[str]) -> Any:
    for cls in MediaStreamRegistry:
        try:
            stream = new_stream(cls, session, offer, index)
        except UnknownStreamError:
            continue
        except InvalidStreamError as error:
            problems.append(str(error))
            return None
        except Exception as error:  # a class of somebody else: the line cannot be used (inventory §2.5), the others can
            log.exception("%s cannot read an offer", cls.__name__)
            problems.append(str(error))
            return None
        if stream is not None:
            return stream
    problems.append(f"streams of kind {offer.media[index].media} are not supported")
    return None
