"""Digest authentication: what a challenge asks, and the answer to it (RFC 7616, RFC 8760), for every protocol that has it.

What this is not: reading headers, or whether to answer at all: both are matters of those who were asked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from blinkq.base.clock import Entropy

__all__ = ["Challenge", "Credentials", "authorize"]

_escape_pair = re.compile(r"\\(.)", re.DOTALL)
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

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> Challenge:
        """A digest challenge from its parameters, names in lower case, values as on the wire. Raises KeyError without realm or nonce."""
        raw = {name: value[1:-1] if value.startswith('"') else value for name, value in parameters.items()}
        return cls(
            scheme="digest",
            realm=raw["realm"],
            nonce=raw["nonce"],
            opaque=raw.get("opaque"),
            algorithm=raw.get("algorithm"),
            qop=frozenset(kind for element in raw.get("qop", "").split(",") if (kind := element.strip().lower())),
            stale=raw.get("stale", "").lower() == "true",
        )

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
        return self.realm is None or self.realm == _escape_pair.sub(r"\1", challenge.realm)


def authorize(
    challenges: Iterable[Challenge],
    credentials: Credentials,
    method: str,
    uri: object,
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
