"""Settings: declared once as classes, loaded and stored through a backend, announced when they change."""

from __future__ import annotations

from blinkq.sipsimple.configuration.errors import (
    ConfigurationBackendError,
    ConfigurationError,
    ConfigurationInUseError,
    ObjectNotFoundError,
)
from blinkq.sipsimple.configuration.manager import ConfigurationManager, DefaultValue
from blinkq.sipsimple.configuration.objects import (
    SettingReference,
    SettingsGroup,
    SettingsGroupMeta,
    SettingsObject,
    SettingsObjectExtension,
    SettingsObjectID,
    group,
    iter_settings,
)
from blinkq.sipsimple.configuration.setting import ModifiedValue, RuntimeSetting, Setting

__all__ = [
    "ConfigurationBackendError", "ConfigurationError", "ConfigurationInUseError", "ConfigurationManager", "DefaultValue", "ModifiedValue",
    "ObjectNotFoundError", "RuntimeSetting", "Setting", "SettingReference", "SettingsGroup", "SettingsGroupMeta", "SettingsObject",
    "SettingsObjectExtension", "SettingsObjectID", "group", "iter_settings",
]  # fmt: skip
