"""``application.python.descriptor``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["WriteOnceAttribute", "classproperty"]


class classproperty:  # noqa: N801 - the name that scripts know
    """A property that can be read on the class too."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __get__(self, instance: object, owner: type) -> Any:
        return self.function(owner)


class WriteOnceAttribute:
    """An attribute that can be set once for each object; AttributeError the second time, and when it is read before."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        try:
            return instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(f"{self.name} has not been set") from None

    def __set__(self, instance: object, value: object) -> None:
        if self.name in instance.__dict__:
            raise AttributeError(f"{self.name} can be set once only")
        instance.__dict__[self.name] = value
