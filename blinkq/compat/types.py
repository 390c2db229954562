"""``application.python.types``: the metaclass of singletons."""

from __future__ import annotations

import threading
from typing import Any

from blinkq.compat.null import NullType

__all__ = ["NullType", "Singleton"]


class Singleton(type):
    """One object for each class and arguments; arguments that cannot be hashed are refused with TypeError."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        cls._objects: dict[object, Any] = {}
        cls._creation = threading.RLock()

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        key = (args, frozenset(kwargs.items()))
        with cls._creation:
            if key not in cls._objects:
                cls._objects[key] = super().__call__(*args, **kwargs)
            return cls._objects[key]
