"""What headers and descriptions of ``sipsimple.core`` share: fields, and two kinds, changeable and frozen, that can be equal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

__all__ = ["BaseValue", "Frozen", "pair"]

V = TypeVar("V", bound="BaseValue")


class BaseValue:
    """An object made of its fields; ``_fields`` names them as the constructor takes them."""

    #: the changeable kind and the frozen kind of this value
    normal_type: ClassVar[type[BaseValue]]
    frozen_type: ClassVar[type[BaseValue]]
    frozen: ClassVar[bool] = False
    _fields: ClassVar[tuple[str, ...]] = ()

    def _fill(self, **fields: Any) -> None:
        for name, value in fields.items():
            if isinstance(value, Mapping):
                fields[name] = MappingProxyType(dict(value)) if self.frozen else dict(value)
        self.__dict__.update(fields)

    @classmethod
    def new(cls: type[V], other: BaseValue) -> V:
        """A copy of ``other``, which may be of the other kind. Raises TypeError for something else."""
        if not isinstance(other, BaseValue) or other._fields != cls._fields:
            raise TypeError(f"a {cls.__name__} cannot be made of a {type(other).__name__}")
        return cls(*(getattr(other, field) for field in cls._fields))

    def _parts(self) -> tuple[object, ...]:
        return tuple(_comparable(getattr(self, field)) for field in self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseValue) or self._fields != other._fields:
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        raise TypeError(f"a {type(self).__name__} can change and is not hashable; its frozen kind is")


class Frozen:
    """Mixed into the kind of a value that never changes and can be a dictionary key."""

    frozen: ClassVar[bool] = True

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed ({name})")

    def __hash__(self) -> int:
        return hash(self._parts())  # type: ignore[attr-defined]  # mixed into values only


def pair(normal: type[BaseValue], frozen: type[BaseValue]) -> None:
    """Tell both kinds of a value about each other."""
    for kind in (normal, frozen):
        kind.normal_type, kind.frozen_type = normal, frozen


def _comparable(value: object) -> object:
    if isinstance(value, Mapping):
        return frozenset(value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    return value._parts() if isinstance(value, BaseValue) else value
