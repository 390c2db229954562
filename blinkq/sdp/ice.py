"""The lines about ICE in a session description (RFC 8839): credentials, candidates, and what else agents tell each other.

Parsed leniently, because older implementations (RFC 5245 and its drafts) are about: what cannot be used is left out. What this is not: the
checks themselves, or the decision whether ICE is wanted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from blinkq.sdp.description import Attribute, SessionDescription

__all__ = ["MAX_CANDIDATES", "Candidate", "IceDescription", "defaults_match"]

#: Candidates taken of one m= line: more than any machine has, few enough that a peer cannot keep us busy.
MAX_CANDIDATES = 64

TYPES = frozenset({"host", "srflx", "prflx", "relay"})

_CHARACTERS = re.compile(r"[A-Za-z0-9+/]{1,256}")  # RFC 8839 wants 4 of a ufrag and 22 of a password at least; old agents sent fewer
_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One a=candidate line over UDP. ``component`` 1 is RTP, 2 RTCP; the related address is that of the base."""

    foundation: str
    component: int
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None = None
    related_port: int | None = None

    @classmethod
    def parse(cls, value: str) -> Candidate | None:
        """The value of an a=candidate line, or None where it is malformed or of no use to us: TCP, a host name, an unknown type."""
        parts = value.split()
        if len(parts) < 8 or parts[2].upper() != "UDP" or parts[6].lower() != "typ" or not _FOUNDATION.fullmatch(parts[0]):
            return None
        component, priority, port = _number(parts[1], 256), _number(parts[3], (1 << 32) - 1), _number(parts[5], 65_535)
        address, kind = _address(parts[4]), parts[7].lower()
        if not (component and priority is not None and port and address) or kind not in TYPES:
            return None
        extensions = dict(zip(parts[8::2], parts[9::2], strict=False))
        related = _address(extensions.get("raddr", ""))
        return cls(parts[0], component, priority, address, port, kind, related, _number(extensions.get("rport", ""), 65_535))

    def __str__(self) -> str:
        line = f"{self.foundation} {self.component} UDP {self.priority} {self.address} {self.port} typ {self.type}"
        if self.related_address is not None and self.related_port is not None:
            line += f" raddr {self.related_address} rport {self.related_port}"
        return line


@dataclass(frozen=True, slots=True)
class IceDescription:
    """What one side says about ICE for an m= line.

    :param lite: the agent never checks by itself (a=ice-lite)
    :param mismatch: the agent saw another default address than the candidates say, and does no ICE (a=ice-mismatch)
    :param remote_candidates: (component, address, port) of the pairs that the controlling agent has selected (a=remote-candidates)
    :param complete: no candidates will follow (a=end-of-candidates, RFC 8840)
    """

    ufrag: str
    password: str = field(repr=False)
    candidates: tuple[Candidate, ...] = ()
    lite: bool = False
    mismatch: bool = False
    remote_candidates: tuple[tuple[int, str, int], ...] = ()
    complete: bool = False

    @classmethod
    def of(cls, description: SessionDescription, index: int) -> IceDescription | None:
        """What is said about m= line ``index``, there or for the whole session; None without credentials."""
        media = description.media[index]
        session = {attribute.name: attribute.value or "" for attribute in reversed(description.attributes)}
        ufrag = media.get("ice-ufrag") or session.get("ice-ufrag", "")
        password = media.get("ice-pwd") or session.get("ice-pwd", "")
        mismatch = media.get("ice-mismatch") is not None
        if not mismatch and not (_CHARACTERS.fullmatch(ufrag) and _CHARACTERS.fullmatch(password)):
            return None
        parsed = [Candidate.parse(value) for value in media.get_all("candidate")[:MAX_CANDIDATES]]
        return cls(
            ufrag, password, tuple(candidate for candidate in parsed if candidate is not None),
            lite="ice-lite" in session, mismatch=mismatch, remote_candidates=_remote_candidates(media.get("remote-candidates") or ""),
            complete=media.get("end-of-candidates") is not None or "end-of-candidates" in session,
        )  # fmt: skip

    @property
    def usable(self) -> bool:
        """Whether ICE is possible with this side: it has somewhere to send checks to."""
        return not self.mismatch and any(candidate.component == 1 for candidate in self.candidates)

    def attributes(self) -> tuple[Attribute, ...]:
        """The lines for an m= section."""
        if self.mismatch:
            return (Attribute("ice-mismatch"),)
        lines = [Attribute("ice-ufrag", self.ufrag), Attribute("ice-pwd", self.password)]
        lines += [Attribute("candidate", str(candidate)) for candidate in self.candidates]
        if self.remote_candidates:
            text = " ".join(f"{component} {address} {port}" for component, address, port in self.remote_candidates)
            lines.append(Attribute("remote-candidates", text))
        if self.complete:
            lines.append(Attribute("end-of-candidates"))
        return tuple(lines)


def defaults_match(description: SessionDescription, index: int, ice: IceDescription) -> bool:
    """Whether the address to send to without ICE is one of the candidates; where it is not, somebody between has changed it, and ICE
    would go past them (RFC 8839 §4.2.5). An unspecified address promises candidates later and matches."""
    connection = description.connection_of(index)
    if connection is None or connection.unspecified:
        return connection is not None
    default = (_address(connection.address), description.media[index].port)
    return any((candidate.address, candidate.port) == default for candidate in ice.candidates if candidate.component == 1)


def _remote_candidates(text: str) -> tuple[tuple[int, str, int], ...]:
    parts = text.split()
    found = []
    for triple in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        component, address, port = _number(triple[0], 256), _address(triple[1]), _number(triple[2], 65_535)
        if component and address and port:
            found.append((component, address, port))
    return tuple(found[:2])


def _number(text: str, highest: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return int(text) if int(text) <= highest else None


def _address(text: str) -> str | None:
    """The canonical text of an IP address that a packet can be sent to."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if address.is_multicast or address.is_unspecified or text == "255.255.255.255" else str(address)
