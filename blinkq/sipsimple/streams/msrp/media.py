"""The m= lines of MSRP (RFC 4975 §8, 6135, 8122): who connects to whom, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blinkq.engine.tls import FINGERPRINT_HASHES
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.uri import MSRPURI, format_path, parse_path
from blinkq.sdp.description import Attribute, MediaDescription, SessionDescription
from blinkq.sipsimple.streams.interface import InvalidStreamError

__all__ = ["TRANSPORTS", "Remote", "answer_direction", "answer_role", "describe", "read_remote", "role_after_answer"]

#: m= transport of each MSRP transport.
TRANSPORTS = {"tcp": "TCP/MSRP", "tls": "TCP/TLS/MSRP"}

_ROLES = {"active", "passive", "actpass", "holdconn"}


@dataclass(frozen=True, slots=True)
class Remote:
    """What an m= line of the peer says.

    path: its relays and itself, nearest to it first as written; setup: None when it does not say; fingerprint: of its certificate;
    max_size: bytes of the largest message that it takes (RFC 4975 §8.6), None when it does not say.
    """

    path: tuple[MSRPURI, ...]
    setup: str | None
    secure: bool
    fingerprint: str | None
    accept_types: tuple[str, ...]
    accept_wrapped_types: tuple[str, ...]
    direction: str = "sendrecv"
    max_size: int | None = None


def read_remote(description: SessionDescription, index: int) -> Remote:
    """Raises InvalidStreamError with a sentence when nothing can be made of it."""
    media = description.media[index]
    path = media.get("path")
    if not path:
        raise InvalidStreamError("the MSRP stream has no path")
    try:
        uris = parse_path(path)
    except MSRPParseError as error:
        raise InvalidStreamError(f"the MSRP stream's path cannot be read: {error}") from None
    secure = media.transport == TRANSPORTS["tls"]
    if any(uri.secure != secure for uri in uris[:1]):
        raise InvalidStreamError(f"the path does not fit the transport {media.transport}")
    if not uris[-1].session_id:
        raise InvalidStreamError("the path names no session")
    setup = (media.get("setup") or "").strip().lower() or None
    if setup is not None and setup not in _ROLES:
        raise InvalidStreamError(f"the connection's set-up cannot be {setup[:20]!r}")
    size = (media.get("max-size") or "").strip()
    return Remote(
        uris, setup, secure, _fingerprint(media.attributes) or _fingerprint(description.attributes),
        tuple((media.get("accept-types") or "").split()), tuple((media.get("accept-wrapped-types") or "").split()),
        description.direction_of(index), int(size) if size.isascii() and size.isdecimal() and len(size) < 19 else None,
    )  # fmt: skip


def _fingerprint(attributes: Iterable[Attribute]) -> str | None:
    """The one to check, where the same certificate is named by several hashes (RFC 8122 §5.1): of those that we trust the first."""
    found = [attribute.value or "" for attribute in attributes if attribute.name == "fingerprint"]
    trusted = (value for value in found if value.partition(" ")[0].lower() in FINGERPRINT_HASHES)
    return next(trusted, found[0] if found else None)


def describe(
    media_type: str,
    path: tuple[MSRPURI, ...],
    *,
    setup: str | None,
    fingerprint: str | None,
    accept_types: tuple[str, ...],
    accept_wrapped_types: tuple[str, ...],
    direction: str = "sendrecv",
    further: tuple[Attribute, ...] = (),
) -> MediaDescription:
    """Our m= line. The port is that of the path's first URI: where the peer would connect to."""
    attributes = [Attribute("path", format_path(path))]
    if direction != "sendrecv":
        attributes.append(Attribute(direction))
    attributes.append(Attribute("accept-types", " ".join(accept_types)))
    if accept_wrapped_types:
        attributes.append(Attribute("accept-wrapped-types", " ".join(accept_wrapped_types)))
    if setup is not None:
        attributes.append(Attribute("setup", setup))
    if fingerprint is not None:
        attributes.append(Attribute("fingerprint", fingerprint))
    transport = TRANSPORTS["tls" if path[0].secure else "tcp"]
    return MediaDescription(media_type, path[0].effective_port, transport, ("*",), attributes=(*attributes, *further))


def answer_role(offered: str | None, *, relayed: bool = False) -> str:
    """Our part when we answer (RFC 6135 §4.2): active where the offerer leaves it open, as we reach out more easily than in. Without
    the attribute the offerer connects (RFC 4975 §5.4). relayed: everybody reaches our relay, which would have to reach out to the peer."""
    open_choice = "passive" if relayed else "active"
    return {"active": "passive", "passive": "active", "actpass": open_choice}.get(offered or "active", "passive")


def role_after_answer(answered: str | None) -> str:
    """Our part when we offered 'actpass'; the genuine SIP SIMPLE clients answer 'passive'."""
    return "passive" if answered == "active" else "active"


def answer_direction(ours: str, offered: str) -> str:
    """Which way messages go after we answered (RFC 3264 §6.1): no further than both want."""
    send = ours != "recvonly" and offered in ("sendrecv", "recvonly")
    receive = ours != "sendonly" and offered in ("sendrecv", "sendonly")
    return {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get((send, receive), "inactive")
