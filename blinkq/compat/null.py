"""``application.python.Null``: what takes every call and attribute and does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["Null"]


class NullType:
    """Callable, iterable (empty), false; every attribute and result is itself."""

    def __call__(self, *_args: object, **_kwargs: object) -> NullType:
        return self

    def __getattr__(self, name: str) -> NullType:
        if name.startswith("__"):
            raise AttributeError(name)  # what Python asks for by itself must not be answered by chance
        return self

    def __setattr__(self, name: str, value: object) -> None:
        """Nothing happens."""

    def __delattr__(self, name: str) -> None:
        """Nothing happens."""

    def __getitem__(self, key: object) -> NullType:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        """Nothing happens."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> NullType:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing happens."""

    def __repr__(self) -> str:
        return "Null"


Null = NullType()
