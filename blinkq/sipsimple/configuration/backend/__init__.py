"""Where settings are kept: the interface of a backend, and the type of what it keeps.

The data is a tree: groups are dicts, values are text, lists of text, or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from zope.interface import Interface

__all__ = ["ConfigurationBackend", "IConfigurationBackend", "Tree", "Value"]

Value: TypeAlias = "str | list[str] | dict[str, Value] | None"
Tree: TypeAlias = dict[str, Value]


class IConfigurationBackend(Interface):  # type: ignore[misc]  # zope.interface has no types
    """What a backend provides. Both methods raise ConfigurationBackendError with a sentence for people."""

    def load() -> Tree:  # type: ignore[misc, empty-body]
        """The whole tree; an empty one when nothing was ever saved."""

    def save(data: Mapping[str, Value]) -> None:  # noqa: N805 - zope interfaces have no self
        """Keep the whole tree in place of the former one."""


class ConfigurationBackend(Protocol):
    """The same for type checkers.

    A backend may have ``corrupt_file`` (path or None: where unreadable settings were kept aside by ``load``), ``load_error``,
    ``read_only``, ``keep_copy(suffix, secrets)`` (keep a copy of what is stored, without the secrets) and ``close()``; the
    ConfigurationManager uses them where they exist.
    """

    def load(self) -> Tree: ...

    def save(self, data: Mapping[str, Value]) -> None: ...
