"""Messages with an envelope: CPIM (RFC 3862), which tells who wrote what to whom, when, and asks for notifications (RFC 5438 §6)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from datetime import datetime

from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.kinds import format_timestamp, parse_timestamp
from blinkq.payloads.multipart import content_type_parameters

__all__ = [
    "IMDN_NAMESPACE", "CPIMHeader", "CPIMHeaderList", "CPIMNamespace", "CPIMParserError", "CPIMPayload", "ChatIdentity", "SimplePayload",
]  # fmt: skip

IMDN_NAMESPACE = "urn:ietf:params:imdn"
MAX_HEADERS = 100  # of one envelope
MAX_ADDRESSES = 1_000  # recipients of one message
MAX_HEAD = 512 * 1024  # bytes before the content: a thousand long addresses
# Codecs of Python that are no charsets of messages, and some of which take their time with long texts.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})

_HEADER = re.compile(r"(?:([A-Za-z0-9!#$%&'*+._`|~^-]*?)\.)?([A-Za-z0-9!#$%&'*+_`|~^-]+):[ \t]?(.*)", re.DOTALL)
_ADDRESS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>]*?))\s*<([^<>\s]*)>\s*')
_NAMESPACE = re.compile(r"\s*([A-Za-z0-9!#$%&'*+_`|~^-]*)\s*<([^<>\s]*)>\s*")
_ESCAPES = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\b": "\\b", '"': '\\"'}
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_UNESCAPES = {"r": "\r", "n": "\n", "t": "\t", "b": "\b"}


class CPIMParserError(ParserError):
    """The bytes are no CPIM message; the message says why."""


@dataclass(frozen=True)
class ChatIdentity:
    """Somebody in a conversation: an address (text, or anything that reads as one) and a name to show."""

    uri: object
    display_name: str | None = None

    @classmethod
    def parse(cls, value: str) -> ChatIdentity:
        """From ``Name <uri>``. Raises ValueError."""
        match = _ADDRESS.fullmatch(value)
        if match is None or not match.group(3):
            raise ValueError(f"no address: {value[:80]!r}")
        quoted, plain, uri = match.groups()
        return cls(uri, _unescape(quoted) if quoted is not None else plain or None)

    def __str__(self) -> str:
        if not self.display_name:
            return f"<{self.uri}>"
        return f'"{_escape(self.display_name)}" <{self.uri}>'


@dataclass(frozen=True)
class CPIMNamespace:
    """A namespace of headers: its URI and the prefix in front of their names ("" for none)."""

    value: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix} <{self.value}>" if self.prefix else f"<{self.value}>"


@dataclass(frozen=True)
class CPIMHeader:
    """A header of the envelope that RFC 3862 does not name itself, like Disposition-Notification in IMDN_NAMESPACE."""

    name: str
    namespace: CPIMNamespace
    value: str


class CPIMHeaderList(list[CPIMHeader]):
    """Headers that can also be asked for by name."""

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of the first header called ``name``, whatever its namespace."""
        return next((header.value for header in self if header.name.lower() == name.lower()), default)


@dataclass
class SimplePayload:
    """A body without an envelope."""

    content: str | bytes
    content_type: str
    charset: str | None = None

    def encode(self) -> tuple[bytes, str]:
        """(body, content type). The type may name the charset: LookupError for an unknown one, UnicodeError where it lacks letters."""
        if isinstance(self.content, str):
            named = content_type_parameters(self.content_type)[1].get("charset")
            charset = self.charset or named or "utf-8"
            return self.content.encode(charset), self.content_type if named == charset else f"{self.content_type}; charset={charset}"
        return self.content, self.content_type

    @classmethod
    def decode(cls, payload: bytes, content_type: str) -> SimplePayload:
        """From a body and its Content-Type value: text is decoded, other types stay bytes."""
        kind, parameters = content_type_parameters(content_type)
        charset = parameters.get("charset", "utf-8")
        return cls(_decode_text(payload, charset) if kind.startswith("text/") else payload, kind, charset)


@dataclass
class CPIMPayload:
    """A message in its envelope. ``content`` is text for text types, bytes for others; ``timestamp`` is when it was written.

    ``disposition`` is what the content is for, as "notification" (RFC 5438 §7.2.1.1).
    """

    content: str | bytes
    content_type: str
    charset: str | None = None
    sender: ChatIdentity | None = None
    recipients: list[ChatIdentity] = field(default_factory=list)
    courtesy_recipients: list[ChatIdentity] = field(default_factory=list)
    subject: str | None = None
    timestamp: datetime | None = None
    required: list[str] = field(default_factory=list)
    additional_headers: list[CPIMHeader] = field(default_factory=CPIMHeaderList)
    disposition: str | None = None

    mime_type = "message/cpim"

    def __post_init__(self) -> None:
        self.recipients = list(self.recipients or ())
        self.courtesy_recipients = list(self.courtesy_recipients or ())
        self.required = list(self.required or ())
        self.additional_headers = CPIMHeaderList(self.additional_headers or ())

    def encode(self) -> tuple[bytes, str]:
        """(body, "message/cpim"). Raises BuilderError for what an envelope cannot carry."""
        lines = self._lines()
        if any("\r" in line or "\n" in line for line in [*lines, self.content_type, self.charset or "", self.disposition or ""]):
            raise BuilderError("a header of the message has a line end in it")
        try:
            body, content_type = SimplePayload(self.content, self.content_type, self.charset).encode()
            disposition = [f"Content-Disposition: {self.disposition}"] if self.disposition else []
            head = "\r\n".join([*lines, "", f"Content-Type: {content_type}", *disposition, "", ""])
            return head.encode("utf-8") + body, self.mime_type
        except (LookupError, UnicodeError, AttributeError) as error:
            raise BuilderError(str(error)) from None

    def _lines(self) -> list[str]:
        lines = [f"From: {self.sender}"] if self.sender is not None else []
        lines += [f"To: {identity}" for identity in self.recipients]
        lines += [f"cc: {identity}" for identity in self.courtesy_recipients]
        if self.subject is not None:
            lines.append(f"Subject: {_escape(self.subject, quote=False)}")
        if self.timestamp is not None:
            lines.append(f"DateTime: {format_timestamp(self.timestamp)}")
        if self.required:
            lines.append(f"Require: {','.join(self.required)}")
        known: dict[str, str] = {}
        for header in self.additional_headers:
            namespace = header.namespace
            if known.get(namespace.prefix) != namespace.value and namespace.value:
                known[namespace.prefix] = namespace.value
                lines.append(f"NS: {namespace}")
            prefix = f"{namespace.prefix}." if namespace.prefix else ""
            lines.append(f"{prefix}{header.name}: {_escape(header.value, quote=False)}")
        return lines

    @classmethod
    def decode(cls, payload: bytes) -> CPIMPayload:
        """Read a message. Raises CPIMParserError."""
        head, separator, rest = _split(payload)
        if not separator:
            raise CPIMParserError("the message has no end of its headers")
        mime, separator, body = _split(rest)
        if not separator:
            raise CPIMParserError("the message has no end of the headers of its content")
        message = cls("", "text/plain")
        _Envelope(message).read(head)
        headers = _mime_headers(mime)
        content_type, message.disposition = headers.get("content-type"), headers.get("content-disposition")
        if content_type is None:
            raise CPIMParserError("the message does not say the type of its content")
        content = SimplePayload.decode(body, content_type)
        message.content, message.content_type, message.charset = content.content, content.content_type, content.charset
        return message


class _Envelope:
    """Reads the headers of an envelope into a message."""

    def __init__(self, message: CPIMPayload) -> None:
        self.message = message
        self.namespaces: dict[str, str] = {}
        self.default_namespace = ""

    def read(self, head: bytes) -> None:
        try:
            lines = [line for line in re.split(r"\r?\n", head.decode("utf-8")) if line]
        except UnicodeError:
            raise CPIMParserError("the headers of the message are not UTF-8") from None
        if len(lines) > MAX_HEADERS + MAX_ADDRESSES:
            raise CPIMParserError("the message has too many headers")
        for line in lines:
            match = _HEADER.fullmatch(line)
            if match is None:
                raise CPIMParserError(f"not a header: {line[:80]!r}")
            prefix, name, value = match.groups()
            try:
                self.take(prefix, name, value)
            except ValueError as error:
                raise CPIMParserError(f"{name}: {error}") from None

    def take(self, prefix: str | None, name: str, value: str) -> None:
        message = self.message
        known = name.lower() if prefix is None and not self.default_namespace else ""
        match known:
            case "from":
                message.sender = ChatIdentity.parse(value)
            case "to":
                message.recipients.append(ChatIdentity.parse(value))
            case "cc":
                message.courtesy_recipients.append(ChatIdentity.parse(value))
            case "datetime":
                message.timestamp = parse_timestamp(value)
            case "require" | "required":  # the second is what some clients write
                message.required += [word.strip() for word in value.split(",") if word.strip()]
            case "subject":
                if message.subject is None:  # several languages may come: the first is the writer's
                    message.subject = _unescape(re.sub(r"^;lang=\S+ ", "", value))
            case _ if prefix is None and name.lower() == "ns":
                self.namespace(value)
            case _:
                uri = self.namespaces.get(prefix or "", self.default_namespace)
                message.additional_headers.append(CPIMHeader(name, CPIMNamespace(uri, prefix or ""), _unescape(value)))

    def namespace(self, value: str) -> None:
        match = _NAMESPACE.fullmatch(value)
        if match is None:
            raise ValueError("no namespace")
        self.namespaces[match.group(1)] = match.group(2)


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What is before and after the first empty line, if there is one within MAX_HEAD bytes."""
    if data.startswith((b"\r\n", b"\n")):
        end = 2 if data.startswith(b"\r\n") else 1
        return b"", data[:end], data[end:]
    match = _EMPTY_LINE.search(data, 0, MAX_HEAD)
    if match is None:
        return data, b"", b""
    return data[: match.start()], match.group(), data[match.end() :]


def _mime_headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in re.split(r"\r?\n(?![ \t])", head.decode("utf-8", "replace"))[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), re.sub(r"\s+", " ", value).strip())
    return headers


def _decode_text(payload: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name.replace("_", "-") not in _NO_CHARSETS:
            return payload.decode(charset, "replace")
    except (LookupError, UnicodeError, ValueError):
        pass
    return payload.decode("utf-8", "replace")


def _escape(value: str, quote: bool = True) -> str:
    """RFC 3862 §2.3.1: control characters, backslash and, within quotes, the quote."""
    if quote:
        return "".join(_ESCAPES.get(character, character) for character in value)
    return "".join(character if character == '"' else _ESCAPES.get(character, character) for character in value)


def _unescape(value: str) -> str:
    def replace(match: re.Match[str]) -> str:
        escape = match.group(1)
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        return _UNESCAPES.get(escape, escape)

    return _ESCAPED.sub(replace, value)
