"""PasswordSetting: a setting whose value lives in the password store, and never shows in notifications or text."""

from __future__ import annotations

from blinkq.sipsimple.configuration.setting import ModifiedValue, Setting

__all__ = ["HIDDEN", "PasswordSetting"]


class _Hidden:
    def __repr__(self) -> str:
        return "[hidden]"

    __str__ = __repr__


#: stands for a password wherever changes are reported
HIDDEN = _Hidden()


class PasswordSetting(Setting[str]):
    """A password, empty when there is none. Its object stores it (``SettingsObject._store_elsewhere``)."""

    persistent = False

    def __init__(self, doc: str = "") -> None:
        super().__init__(str, "", doc=doc)

    def get_modified(self, container: object) -> ModifiedValue | None:
        modified = super().get_modified(container)
        return None if modified is None else ModifiedValue(HIDDEN, HIDDEN)
