"""TLS for SIP: contexts from a frozen configuration, the name check of RFC 5922, and sentences for what goes wrong.

TLS 1.2 at least, chain and name verified. What this is not: sockets (``asyncio_network.py``) or the settings that the configuration
comes from.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from blinkq.engine.errors import TLSError

__all__ = [
    "FINGERPRINT_HASHES", "TLSConfig", "check_fingerprint", "check_name", "client_context", "describe_tls_error", "fingerprint_of",
    "server_context", "sip_identities",
]  # fmt: skip

#: The system's authorities where Python's own OpenSSL knows of none (python.org's Python on macOS).
SYSTEM_AUTHORITIES = "/etc/ssl/cert.pem"

#: What may name a certificate (RFC 8122 §5); MD5 and SHA-1 can be forged.
FINGERPRINT_HASHES = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}:){19,63}[0-9A-Fa-f]{2}")

#: OpenSSL verification codes (x509_vfy.h) with what they mean for people.
_VERIFY_SENTENCES = {
    9: "The certificate of {name} is not valid yet: check this computer's date and time.",
    10: "The certificate of {name} has expired: the provider must renew it (also check this computer's date and time).",
    18: "The certificate of {name} is self-signed, so nobody vouches for it: add it to the trusted authorities if you know it.",
    19: "The certificate of {name} comes from an unknown authority: add the authority's certificate in the settings if you trust it.",
    20: "The certificate of {name} comes from an unknown authority: add the authority's certificate in the settings if you trust it.",
    21: "The certificate of {name} comes from an unknown authority: add the authority's certificate in the settings if you trust it.",
    23: "The certificate of {name} has been revoked: do not use this server.",
    26: "The certificate of {name} is not meant for servers: the provider must replace it.",
    62: "The certificate is for somebody else than {name}: check the server's name; do not go on if it is right.",
    64: "The certificate is for somebody else than {name}: check the server's name; do not go on if it is right.",
}


@dataclass(frozen=True, slots=True)
class TLSConfig:
    """How to speak TLS.

    :param ca_file: path of a PEM file with authorities trusted in addition to the system's
    :param certificate: path of a PEM file with our own certificate and chain; without it nothing listens on TLS
    :param private_key: path of its key; None when it is in the certificate's file
    :param verify: False accepts any certificate of a server
    :param fingerprint: hash of the server's certificate as SDP tells it ("sha-256 AB:CD:…", RFC 8122); it alone is then checked
    :param ask: as a server: ask clients for their certificate, and take any (``pair_tls.py``)
    :param web: the server is one of the Web, and may be named as those are (RFC 9525: ``*.example.com`` is good)
    :param pem: instead of files: our certificate and its key in PEM, kept in memory alone
    """

    ca_file: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    verify: bool = True
    fingerprint: str | None = None
    ask: bool = False
    web: bool = False
    pem: bytes | None = field(default=None, repr=False)

    @property
    def has_certificate(self) -> bool:
        """Whether there is a certificate of our own."""
        return bool(self.certificate or self.pem)

    def read_certificate(self) -> bytes:
        """Our certificate in PEM, with whatever else its file holds. Raises TLSError when there is none or it cannot be read."""
        if self.pem is not None:
            return self.pem
        if not self.certificate:
            raise TLSError("Listening on TLS needs a certificate: choose one in the settings.")
        try:
            return Path(self.certificate).read_bytes()
        except OSError as error:
            raise TLSError(f"Cannot use the certificate in {self.certificate}: {_reason(error)}. Choose another file.") from error


@lru_cache(maxsize=8)  # loading the system's authorities takes tens of milliseconds; too long for each connection
def client_context(config: TLSConfig) -> ssl.SSLContext:
    """The context for outgoing connections; raises TLSError when a file cannot be used.

    The name is checked by ``check_name``, because RFC 5922 differs from what web browsers do; by OpenSSL where ``web`` is set.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    verify = config.verify and config.fingerprint is None
    context.check_hostname = verify and config.web
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if verify:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        paths = ssl.get_default_verify_paths()
        if not (paths.cafile or paths.capath) and os.path.exists(SYSTEM_AUTHORITIES):
            context.load_verify_locations(SYSTEM_AUTHORITIES)
    if config.ca_file:
        try:
            context.load_verify_locations(config.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TLSError(f"Cannot read the trusted authorities in {config.ca_file}: {_reason(error)}. Choose another file.") from error
    if config.has_certificate:
        _load_certificate(context, config)
    return context


@lru_cache(maxsize=8)
def server_context(config: TLSConfig) -> ssl.SSLContext:
    """The context for incoming connections; raises TLSError when our certificate is missing or cannot be used."""
    if not config.has_certificate:
        raise TLSError("Listening on TLS needs a certificate: choose one in the settings.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_certificate(context, config)
    return context


def check_name(certificate: dict[str, Any], name: str) -> None:
    """Check that a verified certificate speaks for the SIP domain or address ``name`` (RFC 5922 §7.2); raises TLSError if not.

    :param certificate: as ``ssl.SSLSocket.getpeercert()`` gives it
    """
    identities = sip_identities(certificate)
    wanted = _normal(name)
    if wanted in identities:
        return
    others = ", ".join(sorted(identities)) or "nobody"
    hint = " (a certificate with * in its name is not valid for SIP)" if any(i.startswith("*.") for i in identities) else ""
    raise TLSError(f"The certificate is for {others}, not for {name}{hint}: check the server's name; do not go on if it is right.")


def check_fingerprint(certificate: bytes | None, fingerprint: str) -> None:
    """Check that a certificate (DER) is the one that SDP announced (RFC 8122 §5); raises TLSError if not."""
    name, _, digest = fingerprint.strip().partition(" ")
    algorithm = FINGERPRINT_HASHES.get(name.lower())
    if algorithm is None:
        raise TLSError(f"The other party names its certificate by {name[:20]}, which is not trusted: it needs SHA-256 or better.")
    wanted = bytes.fromhex(digest.replace(":", "").strip()) if _HEX.fullmatch(digest.strip()) else b""
    if certificate is None:
        raise TLSError("The other party announced a certificate and did not show it: somebody may be in between.")
    if not hmac.compare_digest(hashlib.new(algorithm, certificate).digest(), wanted):
        raise TLSError("The other party's certificate is not the one that it announced: somebody may be in between.")


def fingerprint_of(config: TLSConfig) -> str:
    """The fingerprint of our certificate, as SDP tells it (RFC 8122 §5). Raises TLSError when there is none."""
    server_context(config)  # whether it can be used at all
    der = ssl.PEM_cert_to_DER_cert(_first_certificate(config.read_certificate().decode("ascii", "replace")))
    digest = hashlib.sha256(der).hexdigest().upper()
    return "sha-256 " + ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def sip_identities(certificate: dict[str, Any]) -> frozenset[str]:
    """The names that a certificate speaks for in SIP (RFC 5922 §7.1): domains in lower case, and addresses."""
    alternatives = certificate.get("subjectAltName", ())
    addresses = {_normal(value.strip()) for kind, value in alternatives if kind == "IP Address"}
    domains = {_normal(value[4:]) for kind, value in alternatives if kind == "URI" and value[:4].lower() == "sip:" and "@" not in value}
    if not domains:  # DNS names count only when there is no SIP URI
        domains = {_normal(value) for kind, value in alternatives if kind == "DNS"}
    if not alternatives:  # and the common name only when there is no subjectAltName at all
        subject = certificate.get("subject", ())
        domains = {_normal(value) for rdn in subject for kind, value in rdn if kind == "commonName"}
    return frozenset(domains | addresses)


def describe_tls_error(error: ssl.SSLError, name: str) -> str:
    """The sentence for a failed handshake with the server ``name``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = _VERIFY_SENTENCES.get(error.verify_code)
        if sentence:
            return sentence.format(name=name)
        return f"The certificate of {name} is not acceptable: {error.verify_message}."
    reason = error.reason or ""
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}:
        return f"{name} does not speak TLS on this port: check the port and the transport."
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason or "NO_PROTOCOLS" in reason:
        return f"{name} speaks only outdated versions of TLS: the provider must offer TLS 1.2 or newer."
    return f"The TLS handshake with {name} failed: {reason.replace('_', ' ').lower() or error}."


def _load_certificate(context: ssl.SSLContext, config: TLSConfig) -> None:
    if config.pem is not None:
        _load_pem(context, config.pem)
        return
    assert config.certificate is not None
    try:
        context.load_cert_chain(config.certificate, config.private_key)
    except (OSError, ssl.SSLError) as error:
        raise TLSError(f"Cannot use the certificate in {config.certificate}: {_reason(error)}. Choose another file.") from error


def _load_pem(context: ssl.SSLContext, pem: bytes) -> None:
    # Python's ssl reads keys from files alone: one that only we can read, for that moment
    descriptor, path = tempfile.mkstemp(prefix="blinkq-", suffix=".pem")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
    finally:
        os.unlink(path)


def _first_certificate(text: str) -> str:
    start, end = text.find("-----BEGIN CERTIFICATE-----"), text.find("-----END CERTIFICATE-----")
    return text[start : end + len("-----END CERTIFICATE-----")] + "\n"


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it holds no certificate").replace("_", " ").lower()
    return (error.strerror or str(error)).lower()


def _normal(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return name.rstrip(".").lower()
