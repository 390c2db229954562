"""The control channel's messages about ICE: see ``control.py`` for the rest of it.

OpenTransport with ``ice`` gathers; its reply brings the candidates. StartIce begins the checks, IceSucceeded or IceFailed ends them.
The stream itself is told to use what was selected by the ``ice_pairs`` of StartStream and UpdateStream.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from blinkq.media.control import Command, Event
from blinkq.media.ice import IceCandidate, IceCheck

__all__ = ["EndIce", "IceFailed", "IceSucceeded", "RestartIce", "StartIce"]


@dataclass(frozen=True, slots=True)
class StartIce(Command):
    """Check the pairs made with the peer's candidates.

    ``ufrag``, ``password`` and ``lite`` are the peer's. ``attempt`` comes back in the events. With ``pairs`` nothing is negotiated: they
    were selected before the media process was started anew, and only consent is kept fresh on them.
    """

    stream: int
    attempt: int
    ufrag: str
    password: str = field(repr=False)
    lite: bool = False
    candidates: tuple[IceCandidate, ...] = ()
    pairs: tuple[IceCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class RestartIce(Command):
    """Use new credentials of ours from now on, with the candidates that were gathered (RFC 8445 §9); StartIce follows."""

    stream: int
    ufrag: str
    password: str = field(repr=False)
    controlling: bool = True


@dataclass(frozen=True, slots=True)
class EndIce(Command):
    """No ICE on this transport any more: the peer does none, or it failed. Idempotent."""

    stream: int


@dataclass(frozen=True, slots=True)
class IceSucceeded(Event):
    """A pair was selected for each component (``pairs``) after ``duration`` seconds; ``checks`` are all of the check list.

    It comes again when the peer selects better pairs afterwards.
    """

    stream: int
    attempt: int
    duration: float
    pairs: tuple[IceCheck, ...]
    checks: tuple[IceCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class IceFailed(Event):
    """No pair works; ``reason`` is a sentence. ``lost``: it did work, but the peer does not answer any more (RFC 7675)."""

    stream: int
    attempt: int
    reason: str
    lost: bool = False
