"""What every header of ``sipsimple.core`` is: a name, a body as text, and two kinds, changeable and frozen, that can be equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, overload

from blinkq.sip.grammar import format_parameters, header_parameters, parse_parameters, unquote
from blinkq.sipsimple.values.value import BaseValue, Frozen, pair

__all__ = [
    "BaseHeader", "BaseSubjectHeader", "FrozenHeader", "FrozenSubjectHeader", "Header", "NumberParameter", "Parameter",
    "SubjectHeader", "TextParameter", "read_parameters", "written_parameters",
]  # fmt: skip

B = TypeVar("B", bound="BaseHeader")
T = TypeVar("T")


class BaseHeader(BaseValue):
    """What all headers have in common: ``name``, ``body`` (the value as text), ``new``, equality between the two kinds."""

    name: str
    parameters: Mapping[str, str | None]

    def _fill(self, **fields: Any) -> None:
        if "parameters" in fields:
            fields["parameters"] = {key.lower(): value for key, value in (fields["parameters"] or {}).items()}
        super()._fill(**fields)

    @property
    def body(self) -> str:
        """The header's value as text."""
        raise NotImplementedError

    def _parts(self) -> tuple[object, ...]:
        return self.name.lower(), *super()._parts()[self._fields[0] == "name" :]

    def __str__(self) -> str:
        return f"{self.name}: {self.body}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.body}>"


class Parameter(Generic[T]):
    """One parameter of a header as an attribute; None when it is absent or unreadable, and to remove it.

    :param name: the parameter's name
    :param read: makes the value of the parameter's text; ValueError where it means nothing
    """

    def __init__(self, name: str, read: Callable[[str], T]) -> None:
        self.name = name
        self.read = read

    @overload
    def __get__(self, header: None, owner: type) -> Parameter[T]: ...
    @overload
    def __get__(self, header: BaseHeader, owner: type) -> T | None: ...
    def __get__(self, header: BaseHeader | None, owner: type) -> Parameter[T] | T | None:
        if header is None:
            return self
        text = header.parameters.get(self.name)
        try:
            return None if text is None else self.read(text)
        except ValueError:
            return None

    def __set__(self, header: BaseHeader, value: T | None) -> None:
        parameters = header.parameters
        assert isinstance(parameters, dict)  # the frozen kinds refuse before
        if value is None:
            parameters.pop(self.name, None)
        else:
            parameters[self.name] = str(value)


class TextParameter(Parameter[str]):
    """A parameter that is text."""

    def __init__(self, name: str) -> None:
        super().__init__(name, str)


class NumberParameter(Parameter[int]):
    """A parameter that is a number from 0 to 2**32 - 1."""

    def __init__(self, name: str) -> None:
        super().__init__(name, _number)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise ValueError(f"not a number: {text!r}")
    return int(text)


def written_parameters(parameters: Mapping[str, str | None]) -> str:
    """``;name=value`` for each, quoted where needed. Raises ValueError for a name that is no token."""
    return format_parameters(header_parameters(dict(parameters)))


def read_parameters(text: str) -> dict[str, str | None]:
    """What follows the first semicolon of a header, without quotes. Raises SIPParseError."""
    return {name: None if value is None else unquote(value) for name, value in parse_parameters(text).items()}


class _Header(BaseHeader):
    _fields = ("name", "body")

    def __init__(self, name: str, body: str) -> None:
        self._fill(name=name, _body=body)

    @property
    def body(self) -> str:
        body: str = self.__dict__["_body"]
        return body


class Header(_Header):
    """Any header: its name and its value as text."""

    @property
    def body(self) -> str:
        """The value as text."""
        return super().body

    @body.setter
    def body(self, body: str) -> None:
        self.__dict__["_body"] = body


class FrozenHeader(Frozen, _Header):
    """Any header, unchangeable."""


class BaseSubjectHeader(BaseHeader):
    """Subject (RFC 3261 §20.36).

    :param subject: text for people
    """

    name = "Subject"
    _fields = ("subject",)
    subject: str | None

    def __init__(self, subject: str | None = None) -> None:
        self._fill(subject=subject)

    @classmethod
    def from_body(cls: type[B], text: str) -> B:
        """From the header's value."""
        return cls(text)  # type: ignore[call-arg]  # B is one of the two kinds of Subject

    @property
    def body(self) -> str:
        """The subject, "" without one."""
        return self.subject or ""


class SubjectHeader(BaseSubjectHeader):
    """Subject, changeable."""


class FrozenSubjectHeader(Frozen, BaseSubjectHeader):
    """Subject, unchangeable."""


pair(Header, FrozenHeader)
pair(SubjectHeader, FrozenSubjectHeader)
