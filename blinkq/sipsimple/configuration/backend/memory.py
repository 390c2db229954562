"""Settings that live and die with the process: for tests and for command lines without a settings directory."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from zope.interface import implementer

from blinkq.sipsimple.configuration.backend import IConfigurationBackend, Tree, Value

__all__ = ["MemoryBackend"]


@implementer(IConfigurationBackend)
class MemoryBackend:
    """Keeps the tree in memory; ``data`` is what it starts with."""

    directory: str | None = None

    def __init__(self, data: Tree | None = None) -> None:
        self.data: Tree = copy.deepcopy(data) if data is not None else {}

    def load(self) -> Tree:
        return copy.deepcopy(self.data)

    def save(self, data: Mapping[str, Value]) -> None:
        self.data = copy.deepcopy(dict(data))
