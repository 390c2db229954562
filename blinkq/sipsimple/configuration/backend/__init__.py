"""Where settings are kept: the interface of a backend, and the type of what it keeps.

The data is a tree: groups are dicts, values are text, lists of text, or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias, runtime_checkable

__all__ = ["IConfigurationBackend", "Tree", "Value"]

Value: TypeAlias = "str | list[str] | dict[str, Value] | None"
Tree: TypeAlias = dict[str, Value]


@runtime_checkable
class IConfigurationBackend(Protocol):
    """Loads and saves the whole tree. Both raise ConfigurationBackendError with a sentence for people.

    A backend may have ``corrupt_file`` (path or None: where unreadable settings were kept aside by ``load``), ``load_error``, and
    ``close()``; the ConfigurationManager uses them where they exist.
    """

    def load(self) -> Tree: ...

    def save(self, data: Mapping[str, Value]) -> None: ...
