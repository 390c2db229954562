"""The exceptions of the configuration.

    BlinkQError
    └── ConfigurationError
        ├── ObjectNotFoundError(KeyError)          there is nothing stored under this key
        ├── DuplicateIDError(ValueError)           an object with this id exists
        ├── InvalidSettingError(ValueError)        a value is not allowed; it names the setting, the value and what is allowed
        │   └── NoSettingError(AttributeError)      what was assigned to is no setting, or a whole group of them
        └── ConfigurationBackendError              the settings cannot be read or written; the message says what to do
            ├── ConfigurationVersionError          the settings were written by a newer version
            ├── ConfigurationInUseError            another process holds the settings
            ├── FileParserError                    the text of a settings file is broken
            └── FileBuilderError                   a value cannot be written as text
"""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = [
    "ConfigurationBackendError", "ConfigurationError", "ConfigurationInUseError", "ConfigurationVersionError", "DuplicateIDError",
    "FileBuilderError", "FileParserError", "InvalidSettingError", "NoSettingError", "ObjectNotFoundError",
]  # fmt: skip


class ConfigurationError(BlinkQError):
    """Base of the configuration's exceptions."""


class ObjectNotFoundError(ConfigurationError, KeyError):
    """There is nothing stored under this key."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class DuplicateIDError(ConfigurationError, ValueError):
    """Another object has this id."""


class InvalidSettingError(ConfigurationError, ValueError):
    """A setting cannot have this value.

    :param setting: its dotted path
    :param value: what was given
    :param reason: what is allowed, as a sentence
    """

    def __init__(self, setting: str, value: object, reason: str) -> None:
        super().__init__(f"{setting} cannot be {value!r}: {reason}")
        self.setting = setting
        self.value = value
        self.reason = reason


class NoSettingError(InvalidSettingError, AttributeError):
    """Nothing can be assigned under this name: there is no such setting, or it is a whole group."""


class ConfigurationBackendError(ConfigurationError):
    """The settings cannot be read or written."""


class ConfigurationVersionError(ConfigurationBackendError):
    """The settings were written by a newer version of the application."""


class ConfigurationInUseError(ConfigurationBackendError):
    """Another process uses the same settings directory."""


class FileParserError(ConfigurationBackendError):
    """A settings file is not written in the settings syntax; the message names the line."""


class FileBuilderError(ConfigurationBackendError):
    """A value cannot be written to a settings file."""
