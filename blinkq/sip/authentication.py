"""Answering 401 and 407 for one request: what is answered, how often, and with which header (RFC 3261 §22).

The arithmetic is in `digest`; the policy towards strangers in `realms`.
"""

from __future__ import annotations

from typing import TypeAlias

from blinkq.base.clock import Entropy
from blinkq.sip.digest import Challenge, Credentials, authorize, parse_challenges
from blinkq.sip.errors import SIPParseError
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.realms import TrustedRealms

__all__ = ["Authentication", "KnownChallenges"]

# (answering header, realm) -> the challenges of that realm
KnownChallenges: TypeAlias = dict[tuple[str, str], list[Challenge]]

_HEADERS = (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization"))

# A server that calls every nonce stale would be answered for ever.
MAX_STALE_ANSWERS = 3
# Realms on one request's way: a proxy, a registrar, a gateway. More is a server that makes them up.
MAX_REALMS = 5


class Authentication:
    """The credentials of one request, and the challenges it met.

    credentials: whose; in_dialog: only realms that are already trusted may ask; known: challenges of earlier requests to
    answer before being asked, updated with new ones.
    """

    def __init__(
        self,
        credentials: Credentials,
        realms: TrustedRealms,
        entropy: Entropy,
        *,
        in_dialog: bool,
        known: KnownChallenges | None = None,
    ) -> None:
        self._credentials = credentials
        self._realms = realms
        self._entropy = entropy
        self._in_dialog = in_dialog
        self._known: KnownChallenges = {} if known is None else known
        self._answers: dict[tuple[str, str], int] = {}

    def answer(self, response: Response, flow: Flow) -> bool:
        """Take note of the challenges in `response`; True when the request should be sent again with answers.

        Each realm is answered once, and again only when it says that the nonce was stale.
        """
        try:
            challenged = _challenged(response)
        except SIPParseError:
            return False
        answerable = {key: found for key, found in challenged.items() if self._may_answer(key, found, flow)}
        if not answerable:
            return False
        for key, found in answerable.items():
            if self._answers.get(key, 0) and not self._may_repeat(key, found):
                return False  # the realm refused these very credentials
        for key, found in answerable.items():
            self._answers[key] = self._answers.get(key, 0) + 1
            self._known[key] = found
        return len(self._answers) <= MAX_REALMS

    def put(self, request: Request) -> None:
        """Write the answers to all known challenges into `request`, in place of earlier ones."""
        for _, header in _HEADERS:
            request.headers.remove(header)
        for (header, _), challenges in self._known.items():
            value = authorize(
                challenges,
                self._credentials,
                request.method,
                request.uri,
                request.body,
                self._realms.nonce_counts,
                self._entropy,
            )
            assert value is not None  # only what can be answered is kept
            request.headers.add(header, value)
        self._realms.trim()

    def accepted(self, flow: Flow) -> None:
        """The request went through: the realms that asked on this way may ask again inside a dialog."""
        for _, realm in self._known:
            if not self._in_dialog:
                self._realms.trust(self._credentials.username, realm, flow.remote_address)

    def _may_answer(self, key: tuple[str, str], challenges: list[Challenge], flow: Flow) -> bool:
        if not any(challenge.supported and self._credentials.fit(challenge) for challenge in challenges):
            return False
        if not self._in_dialog:
            return True
        return self._realms.trusts(self._credentials.username, key[1], flow.remote_address)

    def _may_repeat(self, key: tuple[str, str], challenges: list[Challenge]) -> bool:
        return any(challenge.stale for challenge in challenges) and self._answers[key] <= MAX_STALE_ANSWERS


def _challenged(response: Response) -> KnownChallenges:
    found: KnownChallenges = {}
    for asking, answering in _HEADERS:
        for challenge in parse_challenges(response.headers.get_all(asking)):
            found.setdefault((answering, challenge.realm), []).append(challenge)
    return found
