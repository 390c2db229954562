"""The metaclass of the middleware's singletons."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

__all__ = ["Singleton"]


class Singleton(type):
    """Metaclass: one object a class; calling the class again gives the same object."""

    _objects: ClassVar[dict[type, object]] = {}
    _creation: ClassVar[threading.RLock] = threading.RLock()

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        with Singleton._creation:
            if cls not in Singleton._objects:
                Singleton._objects[cls] = super().__call__(*args, **kwargs)
            return Singleton._objects[cls]

    @staticmethod
    def forget() -> None:
        """Forget all objects, so that the next call makes new ones. For tests, between two lives of the middleware."""
        with Singleton._creation:
            Singleton._objects.clear()
