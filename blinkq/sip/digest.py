"""Answering digest challenges (RFC 3261 §22, RFC 7616, RFC 8760). Whether to answer at all is the policy of those who ask."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field

from blinkq.base.clock import Entropy
from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import QUOTED, TOKEN, split_commas, unquote
from blinkq.sip.limits import MAX_CHALLENGES
from blinkq.sip.uri import URI

_scheme = re.compile(rf"\s*+({TOKEN}++)(?:\s++|\Z)(?!=)(.*+)", re.DOTALL)
_parameter = re.compile(rf'({TOKEN}++)\s*+=\s*+({QUOTED}|[^\s"\\]*+)', re.DOTALL)
_no_header = re.compile(r"[\x00-\x1f\x7f]")


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# By strength, strongest first; each may come as "-sess" too.
_ALGORITHMS: dict[str, Callable[[bytes], str]] = {"sha-256": _sha256, "md5": _md5}
_STRENGTH = {name: place for place, name in enumerate(_ALGORITHMS)}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a WWW-Authenticate or Proxy-Authenticate header.

    scheme: lower case ('digest'); realm, nonce, opaque: as between the quotes on the wire, which is also how they are hashed; algorithm: as
    written, 'MD5' when absent; qop: the offered protections in lower case, empty for RFC 2069 servers; stale: only the nonce was too old.
    """

    scheme: str
    realm: str = ""
    nonce: str = ""
    opaque: str | None = None
    algorithm: str | None = None
    qop: frozenset[str] = frozenset()
    stale: bool = False

    @property
    def supported(self) -> bool:
        """True when `authorize` can answer it."""
        if self.scheme != "digest" or self._base not in _ALGORITHMS:
            return False
        return not self.qop or bool(self.qop & {"auth", "auth-int"})

    @property
    def session(self) -> bool:
        """True for the -sess algorithms."""
        return (self.algorithm or "").lower().endswith("-sess")

    @property
    def strength(self) -> int:
        """A place in the order of supported algorithms: 0 is the strongest. Raises KeyError for an unsupported one."""
        return _STRENGTH[self._base]

    @property
    def hash(self) -> Callable[[bytes], str]:
        """The hash function, bytes to hexadecimal digits. Raises KeyError for an unsupported algorithm."""
        return _ALGORITHMS[self._base]

    @property
    def _base(self) -> str:
        return (self.algorithm or "md5").lower().removesuffix("-sess")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are towards a server. realm: the only realm they may be used for, None = any. The password never shows in `repr`."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None

    def fit(self, challenge: Challenge) -> bool:
        """True when they may be used for the challenge's realm."""
        return self.realm is None or self.realm == unquote(f'"{challenge.realm}"')


def parse_challenge(text: str) -> Challenge:
    """The one challenge that `text` is. Raises SIPParseError."""
    challenges = parse_challenges([text])
    if len(challenges) != 1:
        raise SIPParseError("more than one challenge in a value")
    return challenges[0]


def parse_challenges(lines: Iterable[str]) -> list[Challenge]:
    """All challenges of header lines, several to a line if need be (RFC 7235 §4.1). Raises SIPParseError."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        current: dict[str, str] | None = None
        for element in split_commas(line):
            match = _scheme.fullmatch(element)
            if match is not None:
                current = {}
                found.append((match[1].lower(), current))
                element = match[2]
            if element and current is None:
                raise SIPParseError("challenge without a scheme")
            if element and current is not None:
                _add_parameter(current, element.strip(), found[-1][0])
        if len(found) > MAX_CHALLENGES:
            raise SIPParseError("too many challenges")
    return [_challenge(scheme, parameters) for scheme, parameters in found]


def authorize(
    challenges: Iterable[Challenge],
    credentials: Credentials,
    method: str,
    uri: URI | str,
    body: bytes,
    nonce_counts: MutableMapping[str, int],
    entropy: Entropy,
) -> str | None:
    """The value of the Authorization (or Proxy-Authorization) header that answers the strongest supported one of `challenges`.

    challenges: those of one realm and one kind of header, in the server's order, which decides between equally strong
    ones; uri: the Request-URI, as it is sent; body: of the request, for qop=auth-int; nonce_counts: how often each nonce was
    used, updated here and to be kept by the caller as long as the nonces are. None when no challenge is supported or the
    credentials fit none.
    """
    answerable = [challenge for challenge in challenges if challenge.supported and credentials.fit(challenge)]
    if not answerable:
        return None
    challenge = min(answerable, key=lambda candidate: candidate.strength)
    count = nonce_counts[challenge.nonce] = nonce_counts.get(challenge.nonce, 0) + 1
    qop = next((kind for kind in ("auth", "auth-int") if kind in challenge.qop), None)
    cnonce = entropy.token(8)
    response = _response(challenge, credentials, method, str(uri), body, qop, cnonce, count)
    return _format(challenge, credentials.username, str(uri), response, qop, cnonce, count)


def _response(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, body: bytes, qop: str | None, cnonce: str, count: int
) -> str:
    """RFC 7616 §3.4.1."""

    def digest(*parts: str) -> str:
        return challenge.hash(":".join(parts).encode("utf-8", "replace"))

    secret = digest(credentials.username, challenge.realm, credentials.password)
    if challenge.session:
        secret = digest(secret, challenge.nonce, cnonce)
    if qop == "auth-int":
        what = digest(method, uri, challenge.hash(body))
    else:
        what = digest(method, uri)
    if qop is None:
        return digest(secret, challenge.nonce, what)  # RFC 2069
    return digest(secret, challenge.nonce, f"{count:08x}", cnonce, qop, what)


def _format(challenge: Challenge, username: str, uri: str, response: str, qop: str | None, cnonce: str, count: int) -> str:
    """The header value; what is quoted and what is not follows RFC 3261 §25.1 (`dig-resp`)."""
    name = _no_header.sub(" ", username).replace("\\", "\\\\").replace('"', '\\"')
    parts = [
        f'username="{name}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{response}"',
    ]
    if challenge.algorithm is not None:
        parts.append(f"algorithm={challenge.algorithm}")
    if qop is not None or challenge.session:
        parts.append(f'cnonce="{cnonce}"')
    if challenge.opaque is not None:
        parts.append(f'opaque="{challenge.opaque}"')
    if qop is not None:
        parts += [f"qop={qop}", f"nc={count:08x}"]
    return "Digest " + ", ".join(parts)


def _add_parameter(parameters: dict[str, str], text: str, scheme: str) -> None:
    match = _parameter.fullmatch(text)
    if match is not None:
        parameters.setdefault(match[1].lower(), match[2])
    elif scheme == "digest":
        raise SIPParseError("bad parameter in a challenge")


def _challenge(scheme: str, parameters: dict[str, str]) -> Challenge:
    if scheme != "digest":
        return Challenge(scheme)
    if "realm" not in parameters or "nonce" not in parameters:
        raise SIPParseError("challenge without realm or nonce")
    raw = {name: value[1:-1] if value.startswith('"') else value for name, value in parameters.items()}
    return Challenge(
        scheme="digest",
        realm=raw["realm"],
        nonce=raw["nonce"],
        opaque=raw.get("opaque"),
        algorithm=raw.get("algorithm"),
        qop=frozenset(kind for element in raw.get("qop", "").split(",") if (kind := element.strip().lower())),
        stale=raw.get("stale", "").lower() == "true",
    )
