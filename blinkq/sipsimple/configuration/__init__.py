"""Settings: declared once as classes, loaded and stored through a backend, announced when they change."""

from __future__ import annotations

from blinkq.sipsimple.configuration.alias import SettingAlias
from blinkq.sipsimple.configuration.collection import Item, ItemCollection, ItemManagement
from blinkq.sipsimple.configuration.errors import (
    ConfigurationBackendError,
    ConfigurationError,
    ConfigurationInUseError,
    ConfigurationVersionError,
    DuplicateIDError,
    InvalidSettingError,
    NoSettingError,
    ObjectNotFoundError,
)
from blinkq.sipsimple.configuration.groups import (
    ModifiedList,
    SettingReference,
    SettingsGroup,
    SettingsGroupMeta,
    SettingsState,
    group,
    iter_settings,
)
from blinkq.sipsimple.configuration.manager import ConfigurationManager, DefaultValue, ItemContainer, PersistentKey
from blinkq.sipsimple.configuration.objects import SettingsObject, SettingsObjectExtension, SettingsObjectID, SettingsObjectImmutableID
from blinkq.sipsimple.configuration.setting import KEPT, CorrelatedSetting, ModifiedValue, RuntimeSetting, Setting

__all__ = [
    "KEPT", "ConfigurationBackendError", "ConfigurationError", "ConfigurationInUseError", "ConfigurationManager",
    "ConfigurationVersionError", "CorrelatedSetting", "DefaultValue", "DuplicateIDError", "InvalidSettingError", "Item",
    "ItemCollection", "ItemContainer", "ItemManagement", "ModifiedList", "ModifiedValue", "NoSettingError", "ObjectNotFoundError",
    "PersistentKey", "RuntimeSetting", "Setting", "SettingAlias", "SettingReference", "SettingsGroup", "SettingsGroupMeta",
    "SettingsObject", "SettingsObjectExtension", "SettingsObjectID", "SettingsObjectImmutableID", "SettingsState", "group",
    "iter_settings",
]  # fmt: skip
