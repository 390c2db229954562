"""The exceptions of the configuration.

    BlinkQError
    └── ConfigurationError
        ├── ObjectNotFoundError(KeyError)          there is nothing stored under this key
        └── ConfigurationBackendError              the settings cannot be read or written; the message says what to do
            ├── ConfigurationInUseError            another process holds the settings
            ├── FileParserError                    the text of a settings file is broken
            └── FileBuilderError                   a value cannot be written as text
"""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = [
    "ConfigurationBackendError", "ConfigurationError", "ConfigurationInUseError", "FileBuilderError", "FileParserError",
    "ObjectNotFoundError",
]  # fmt: skip


class ConfigurationError(BlinkQError):
    """Base of the configuration's exceptions."""


class ObjectNotFoundError(ConfigurationError, KeyError):
    """There is nothing stored under this key."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class ConfigurationBackendError(ConfigurationError):
    """The settings cannot be read or written."""


class ConfigurationInUseError(ConfigurationBackendError):
    """Another process uses the same settings directory."""


class FileParserError(ConfigurationBackendError):
    """A settings file is not written in the settings syntax; the message names the line."""


class FileBuilderError(ConfigurationBackendError):
    """A value cannot be written to a settings file."""
