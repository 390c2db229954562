"""SettingAlias: a second name of a setting, as another edition of the middleware has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.sipsimple.configuration.setting import Setting

__all__ = ["SettingAlias"]


class SettingAlias:
    """Reads and writes another setting of the same object. It is not stored, and changes are told under the other name.

    :param path: dotted path of the setting, from the object
    :param read: from the setting's value to the alias's
    :param write: from a value for the alias and the setting's present value to the setting's; raises ValueError
    """

    def __init__(
        self, path: str, read: Callable[[Any], Any] | None = None, write: Callable[[Any, Any], Any] | None = None
    ) -> None:
        self.path = path
        self._read = read
        self._write = write

    def __get__(self, container: object, owner: Any = None) -> Any:
        if container is None:
            return self
        holder, setting = self._resolve(container)
        value = setting.__get__(holder, None)
        return value if self._read is None else self._read(value)

    def __set__(self, container: object, value: Any) -> None:
        holder, setting = self._resolve(container)
        if self._write is not None:
            value = self._write(value, setting.__get__(holder, None))
        setting.__set__(holder, value)

    def _resolve(self, container: object) -> tuple[object, Setting[Any]]:
        while (owner := container.__dict__.get("_owner")) is not None:
            container = owner
        *groups, name = self.path.split(".")
        for each in groups:
            container = getattr(container, each)
        setting: Setting[Any] = getattr(type(container), name)
        return container, setting
