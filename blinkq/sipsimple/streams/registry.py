"""The registry of stream classes, from which a session chooses for each offered m= line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blinkq.sipsimple.streams.interface import IMediaStream

__all__ = ["MediaStreamRegistrar", "MediaStreamRegistry", "MediaStreamType"]


class _Registry:
    """The stream classes by descending priority. Also callable (returning itself), and classes can be had as attributes by name."""

    def __init__(self) -> None:
        self._classes: list[type[Any]] = []

    def __call__(self) -> _Registry:
        return self

    def __iter__(self) -> Iterator[type[Any]]:
        return iter(list(self._classes))

    def __getattr__(self, name: str) -> type[Any]:
        for cls in self.__dict__.get("_classes", ()):
            if cls.__name__ == name:
                return cls  # type: ignore[no-any-return]  # classes are all there is
        raise AttributeError(f"no stream class {name} is registered")

    def add(self, cls: type[Any]) -> None:
        """Register ``cls``, which implements IMediaStream (TypeError otherwise).

        One registered before with the same priority is tried first.
        """
        if not isinstance(cls, type) or not IMediaStream.implementedBy(cls):
            raise TypeError(f"{cls!r} does not implement IMediaStream")
        self.take(cls)

    def take(self, cls: type[Any]) -> None:
        """Register ``cls`` unseen; for the registrar, which sees classes before a decorator says what they implement."""
        if cls not in self._classes:
            self._classes.append(cls)
            self._classes.sort(key=lambda known: -known.priority)

    def discard(self, cls: type[Any]) -> None:
        """Forget ``cls``; harmless when it is not registered."""
        if cls in self._classes:
            self._classes.remove(cls)

    def get(self, type: str) -> type[Any]:
        """The class with this ``type``; raises KeyError."""
        for cls in self._classes:
            if cls.type == type:
                return cls
        raise KeyError(type)


MediaStreamRegistry = _Registry()


class MediaStreamRegistrar(type):
    """Metaclass that registers a class when it is defined; one without ``type`` or ``priority`` is taken for an abstract one."""

    def __init__(cls, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        if getattr(cls, "type", None) is not None and getattr(cls, "priority", None) is not None:
            MediaStreamRegistry.take(cls)


MediaStreamType = MediaStreamRegistrar
