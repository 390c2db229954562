"""Asking a relay for a path through it: AUTH, its challenge, the answer, Use-Path and how long it lasts (RFC 4976 §5, §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blinkq.base.clock import Entropy
from blinkq.base.digest import Challenge, Credentials, authorize
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI, parse_path

__all__ = ["RelayClient", "RelayReady", "RelayRefused"]

DEFAULT_EXPIRES = 600
"""Seconds that a path lasts when the relay does not say."""

MIN_EXPIRES, MAX_EXPIRES = 30, 86400
"""Seconds: bounds on what a relay may say, so that it can neither keep us busy nor forget us."""

MAX_ANSWERS = 3
"""Challenges answered for one AUTH: the first one, and a nonce or two that have become stale."""

_challenge = re.compile(r"\s*digest\s+(.*)", re.IGNORECASE | re.DOTALL)
_parameter = re.compile(r'\s*([A-Za-z][A-Za-z0-9\-]*)\s*=\s*("(?:[^"\\]|\\.)*+"|[^\s",]*+)\s*(?:,|\Z)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class RelayReady:
    """The relay takes us. path: its URIs for this session, outermost first, as they stand before our own in a=path; expires: seconds."""

    path: tuple[MSRPURI, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class RelayRefused:
    """It does not. code: its answer's, 408 when none came; reason: a sentence for people."""

    code: int
    reason: str


class RelayClient:
    """One client at one relay. It sends nothing by itself: give what `begin` and `answered` return to the connection.

    session: with our own URI, and the relay's as its path; credentials: the account's for this relay, None to have none.
    """

    def __init__(self, session: Session, credentials: Credentials | None, entropy: Entropy) -> None:
        self._session = session
        self._credentials = credentials
        self._entropy = entropy
        self._known: Challenge | None = None
        self._counts: dict[str, int] = {}
        self._answers = 0

    def begin(self) -> Chunk:
        """An AUTH, the first or one that refreshes: with the last nonce, where there is one."""
        self._answers = 0
        return self._auth()

    def answered(self, code: int, response: Chunk | None) -> Chunk | RelayReady | RelayRefused:
        """What follows from the answer to the last AUTH: another one to send, or the outcome. Never raises."""
        name = self._session.remote_path[0].host
        if code == 200 and response is not None:
            return self._ready(response, name)
        if code == 401 and response is not None:
            return self._challenged(response, name)
        if code == 408:
            return RelayRefused(408, f"The MSRP relay {name} did not answer.")
        if code == 403:
            return RelayRefused(403, f"The MSRP relay {name} does not let this account in: ask the provider.")
        return RelayRefused(code, f"The MSRP relay {name} refused: {code} {'' if response is None else response.comment}".strip() + ".")

    def _ready(self, response: Chunk, name: str) -> RelayReady | RelayRefused:
        try:
            path = parse_path(response.header("Use-Path") or "")
        except MSRPParseError as error:
            return RelayRefused(200, f"The MSRP relay {name} gave no path that can be used: {error}.")
        if any(uri.secure != self._session.local_uri.secure or not uri.session_id for uri in path):
            return RelayRefused(200, f"The MSRP relay {name} gave a path that is not encrypted as asked for, or names no session.")
        text = (response.header("Expires") or "").strip()
        expires = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else DEFAULT_EXPIRES
        return RelayReady(path, min(max(expires, MIN_EXPIRES), MAX_EXPIRES))

    def _challenged(self, response: Chunk, name: str) -> Chunk | RelayRefused:
        challenge = _read(response.header("WWW-Authenticate") or "")
        again = self._known is not None and challenge is not None and self._answers > 0 and not challenge.stale
        if self._credentials is None or again or self._answers >= MAX_ANSWERS:
            return RelayRefused(401, f"The MSRP relay {name} does not accept the account's name or password: check them in the settings.")
        if challenge is None or not challenge.supported or not self._credentials.fit(challenge):
            return RelayRefused(401, f"The MSRP relay {name} asks for a kind of proof of identity that is not known here.")
        if self._known is None or challenge.nonce != self._known.nonce:
            self._counts.clear()
        self._known = challenge
        self._answers += 1
        return self._auth()

    def _auth(self) -> Chunk:
        headers: tuple[tuple[str, str], ...] = ()
        if self._known is not None and self._credentials is not None:
            uri = self._session.remote_path[-1]  # the right-most URI of To-Path (RFC 4976 §9.1)
            answer = authorize([self._known], self._credentials, "AUTH", uri, b"", self._counts, self._entropy)
            if answer is not None:
                headers = (("Authorization", answer),)
        return self._session.new_request("AUTH", *headers)


def _read(text: str) -> Challenge | None:
    """The challenge of a WWW-Authenticate header; None when it cannot be read. Only digest is used in MSRP (RFC 4976 §9.1)."""
    match = _challenge.fullmatch(text)
    if match is None:
        return None
    parameters: dict[str, str] = {}
    place, rest = 0, match[1]
    while place < len(rest):
        found = _parameter.match(rest, place)
        if found is None or found.end() == place:
            return None
        parameters.setdefault(found[1].lower(), found[2])
        place = found.end()
    try:
        return Challenge.from_parameters(parameters)
    except KeyError:
        return None
