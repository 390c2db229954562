"""The headers of a word and its parameters: Event, Subscription-State, Reason, Content-Type, Refer-To; and Replaces."""

from __future__ import annotations

from typing import TypeVar

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import quote
from blinkq.sipsimple.values.header import (
    BaseHeader,
    NumberParameter,
    TextParameter,
    read_parameters,
    written_parameters,
)
from blinkq.sipsimple.values.value import Frozen, pair

__all__ = [
    "BaseContentTypeHeader", "BaseEventHeader", "BaseReasonHeader", "BaseReferToHeader", "BaseReplacesHeader",
    "BaseSubscriptionStateHeader", "ContentType", "ContentTypeHeader", "EventHeader", "FrozenContentTypeHeader", "FrozenEventHeader",
    "FrozenReasonHeader", "FrozenReferToHeader", "FrozenReplacesHeader", "FrozenSubscriptionStateHeader", "ReasonHeader",
    "ReferToHeader", "ReplacesHeader", "SubscriptionStateHeader",
]  # fmt: skip

P = dict[str, str | None]
W = TypeVar("W", bound="_WordHeader")


class _WordHeader(BaseHeader):
    """A header whose value is a word with parameters; the word is the field that ``_fields`` names first."""

    def __init__(self, word: str, parameters: P | None = None) -> None:
        self._fill(**{self._fields[0]: word, "parameters": parameters})

    @classmethod
    def from_body(cls: type[W], text: str) -> W:
        """From the header's value. Raises SIPParseError."""
        word, _, rest = text.partition(";")
        if not word.strip():
            raise SIPParseError(f"empty {cls.name} header")
        return cls(word.strip(), read_parameters(rest))

    @property
    def body(self) -> str:
        """The word and its parameters."""
        return f"{getattr(self, self._fields[0])}{written_parameters(self.parameters)}"


class ContentType(str):
    """A content type: text with ``type`` and ``subtype``. ValueError when it has no "/" between two words."""

    type: str
    subtype: str

    def __new__(cls, text: str) -> ContentType:
        made = super().__new__(cls, text)
        made.type, slash, made.subtype = (part.strip() for part in text.partition("/"))
        if not (slash and made.type and made.subtype):
            raise ValueError(f"{text!r} is no content type: it is written type/subtype")
        return made


class BaseContentTypeHeader(_WordHeader):
    """Content-Type (RFC 3261 §20.15). ValueError when the type has no "/"."""

    name = "Content-Type"
    _fields = ("content_type", "parameters")
    content_type: ContentType

    def __init__(self, content_type: str, parameters: P | None = None) -> None:
        super().__init__(ContentType(content_type), parameters)


class ContentTypeHeader(BaseContentTypeHeader):
    """Content-Type, changeable."""

    parameters: P


class FrozenContentTypeHeader(Frozen, BaseContentTypeHeader):
    """Content-Type, unchangeable."""


class BaseEventHeader(_WordHeader):
    """Event (RFC 6665 §8.2.1)."""

    name = "Event"
    _fields = ("event", "parameters")
    event: str
    id = TextParameter("id")

    def __init__(self, event: str, parameters: P | None = None) -> None:
        super().__init__(event, parameters)


class EventHeader(BaseEventHeader):
    """Event, changeable."""

    parameters: P


class FrozenEventHeader(Frozen, BaseEventHeader):
    """Event, unchangeable."""


class BaseSubscriptionStateHeader(_WordHeader):
    """Subscription-State (RFC 6665 §8.2.3); ``expires`` and ``retry_after`` in seconds."""

    name = "Subscription-State"
    _fields = ("state", "parameters")
    state: str
    reason = TextParameter("reason")
    expires = NumberParameter("expires")
    retry_after = NumberParameter("retry-after")

    def __init__(self, state: str, parameters: P | None = None) -> None:
        super().__init__(state, parameters)


class SubscriptionStateHeader(BaseSubscriptionStateHeader):
    """Subscription-State, changeable."""

    parameters: P


class FrozenSubscriptionStateHeader(Frozen, BaseSubscriptionStateHeader):
    """Subscription-State, unchangeable."""


class BaseReasonHeader(_WordHeader):
    """Reason (RFC 3326): ``cause`` is a number, ``text`` is for people."""

    name = "Reason"
    _fields = ("protocol", "parameters")
    protocol: str
    cause = NumberParameter("cause")
    text = TextParameter("text")

    def __init__(self, protocol: str, parameters: P | None = None) -> None:
        super().__init__(protocol, parameters)

    @property
    def body(self) -> str:
        """The protocol with its parameters; the text is always quoted (RFC 3326 §2)."""
        others = {name: value for name, value in self.parameters.items() if name != "text"}
        text = f";text={quote(self.text)}" if self.text is not None else ""
        return f"{self.protocol}{written_parameters(others)}{text}"


class ReasonHeader(BaseReasonHeader):
    """Reason, changeable."""

    parameters: P


class FrozenReasonHeader(Frozen, BaseReasonHeader):
    """Reason, unchangeable."""


class BaseReferToHeader(_WordHeader):
    """Refer-To (RFC 3515 §2.1).

    :param uri: the address as text, in angle brackets or without
    """

    name = "Refer-To"
    _fields = ("uri", "parameters")
    uri: str

    def __init__(self, uri: str, parameters: P | None = None) -> None:
        super().__init__(uri, parameters)

    @classmethod
    def from_body(cls: type[W], text: str) -> W:
        """From the header's value; what stands in angle brackets (or before the first semicolon) is the address."""
        address, bracket, rest = text.partition(">")
        if not bracket:
            address, _, rest = text.partition(";")
        uri = f"{address.strip()}{bracket}"
        if not uri.strip("<> "):
            raise SIPParseError("empty Refer-To header")
        return cls(uri, read_parameters(rest.lstrip(" \t").removeprefix(";")))

    @property
    def body(self) -> str:
        """The address in angle brackets, with the header's parameters."""
        uri = self.uri if "<" in self.uri else f"<{self.uri}>"
        return f"{uri}{written_parameters(self.parameters)}"


class ReferToHeader(BaseReferToHeader):
    """Refer-To, changeable."""

    parameters: P


class FrozenReferToHeader(Frozen, BaseReferToHeader):
    """Refer-To, unchangeable."""


R = TypeVar("R", bound="BaseReplacesHeader")


class BaseReplacesHeader(BaseHeader):
    """Replaces (RFC 3891 §6.1): which dialog a new call takes the place of.

    :param early_only: true when only a dialog that is not confirmed yet may be replaced
    """

    name = "Replaces"
    _fields = ("call_id", "from_tag", "to_tag", "early_only", "parameters")
    call_id: str
    from_tag: str
    to_tag: str
    early_only: int

    def __init__(self, call_id: str, from_tag: str, to_tag: str, early_only: int = 0, parameters: P | None = None) -> None:
        self._fill(call_id=call_id, from_tag=from_tag, to_tag=to_tag, early_only=int(bool(early_only)), parameters=parameters)

    @classmethod
    def from_body(cls: type[R], text: str) -> R:
        """From the header's value. Raises SIPParseError unless it has a Call-ID and both tags."""
        call_id, _, rest = text.partition(";")
        parameters = read_parameters(rest)
        from_tag, to_tag = parameters.pop("from-tag", None), parameters.pop("to-tag", None)
        if not (call_id.strip() and from_tag and to_tag):
            raise SIPParseError("a Replaces header needs a Call-ID, a from-tag and a to-tag")
        early_only = "early-only" in parameters
        parameters.pop("early-only", None)
        return cls(call_id.strip(), from_tag, to_tag, early_only, parameters)

    @property
    def body(self) -> str:
        """The dialog with its parameters."""
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};from-tag={self.from_tag};to-tag={self.to_tag}{early}{written_parameters(self.parameters)}"


class ReplacesHeader(BaseReplacesHeader):
    """Replaces, changeable."""

    parameters: P


class FrozenReplacesHeader(Frozen, BaseReplacesHeader):
    """Replaces, unchangeable."""


pair(ContentTypeHeader, FrozenContentTypeHeader)
pair(EventHeader, FrozenEventHeader)
pair(SubscriptionStateHeader, FrozenSubscriptionStateHeader)
pair(ReasonHeader, FrozenReasonHeader)
pair(ReferToHeader, FrozenReferToHeader)
pair(ReplacesHeader, FrozenReplacesHeader)
