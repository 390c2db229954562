"""What the user types into the dial box becomes a SIP URI, or a sentence that says why not."""

from __future__ import annotations

import re

__all__ = ["AddressError", "account_address", "dial_uri", "display_address", "split_name"]

_SEPARATORS = str.maketrans("", "", " \t()-./")
_TELEPHONE = re.compile(r"\+?[0-9*#]+")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?)")
_USER = re.compile(r"[^\s@<>\"\\\x00-\x1f]+")
_PARAMETERS = re.compile(r"[^\s<>\"\x00-\x1f]*")
_MAX_PORT = 65535


class AddressError(ValueError):
    """What was typed is no address; the message is a sentence for people."""


def dial_uri(text: str, account_domain: str | None) -> str:
    """The URI to call: "sip:bob@example.com". A bare name or number is completed with ``account_domain``.

    Raises AddressError.
    """
    typed = text.strip().removeprefix("<").removesuffix(">").strip()
    if not typed:
        raise AddressError("Type a name, a number or a SIP address first.")
    scheme, rest = _split_scheme(typed)
    rest, _, parameters = rest.partition(";")
    if not _PARAMETERS.fullmatch(parameters):
        raise AddressError("What follows the ; must not have spaces or the characters < > \" in it.")
    parameters = f";{parameters}" if parameters else ""
    user, at, host = rest.rpartition("@")
    if not at:
        return _bare(scheme, rest, parameters, account_domain, explicit=scheme in typed)
    if not _USER.fullmatch(user):
        raise AddressError("The part before the @ is missing or has characters that are not allowed there.")
    _check_host(host)
    return f"{scheme}:{user}@{host}{parameters}"


def account_address(text: str) -> str:
    """The address of an account, "alice@example.com", from what was typed ("sip:" may stand before it). Raises AddressError."""
    address = re.sub(r"^sips?:", "", text.strip(), flags=re.IGNORECASE)
    user, at, host = address.partition("@")
    if not address:
        raise AddressError("Type the SIP address that you were given, such as alice@example.com.")
    if not at:
        raise AddressError("A SIP address has an @ between the name and the domain, such as alice@example.com.")
    if not user or not _USER.fullmatch(user):
        raise AddressError("The name before the @ is missing or has characters that are not allowed there.")
    if not host:
        raise AddressError("The domain after the @ is missing.")
    if ":" in host and not host.startswith("["):
        raise AddressError("A port does not belong here: put it into the server settings as an outbound proxy.")
    _check_host(host)
    return f"{user}@{host.lower()}"


def display_address(uri: str) -> str:
    """A URI as people read it: without "sip:" and parameters."""
    shown = re.sub(r"^sips?:", "", uri.strip(), flags=re.IGNORECASE)
    return shown.partition(";")[0]


def split_name(text: str) -> tuple[str, str]:
    """What was typed or completed, "Bob <bob@example.com>" or an address alone, as name (may be empty) and address."""
    name, bracket, address = text.rpartition("<")
    return (name.strip(), address) if bracket else ("", text)


def _split_scheme(typed: str) -> tuple[str, str]:
    head, colon, rest = typed.partition(":")
    if colon and head.lower() in ("sip", "sips"):
        return head.lower(), rest
    if colon and head.lower() == "tel":
        return "sip", rest.translate(_SEPARATORS)
    return "sip", typed


def _bare(scheme: str, rest: str, parameters: str, account_domain: str | None, *, explicit: bool) -> str:
    number = rest.translate(_SEPARATORS)
    if _TELEPHONE.fullmatch(number) and not re.fullmatch(r"\d+(\.\d+){3}", rest):
        rest = number
    elif explicit or re.fullmatch(r"\d+(\.\d+){3}(:\d+)?", rest):
        _check_host(rest)
        return f"{scheme}:{rest}{parameters}"
    if not _USER.fullmatch(rest):
        raise AddressError("An address must not have spaces or the characters < > \" in it.")
    if account_domain is None:
        raise AddressError("Without an account, type the whole address, such as sip:bob@192.0.2.1.")
    return f"{scheme}:{rest}@{account_domain}{parameters}"


def _check_host(host: str) -> None:
    name, port = host, ""
    if match := re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):(\d*)", host):
        name, port = match.groups()
        if not port or not 0 < int(port) <= _MAX_PORT:
            raise AddressError("The port after the colon must be a number from 1 to 65535.")
    if not name:
        raise AddressError("The domain after the @ is missing.")
    if not _HOST.fullmatch(name) or ".." in name:
        raise AddressError("The domain after the @ is not a valid host name.")
