"""``application.log``: messages of a script, on its standard output."""

from __future__ import annotations

import logging
import sys
from typing import Any, ClassVar

__all__ = ["critical", "debug", "err", "error", "exception", "fatal", "info", "level", "msg", "warn", "warning"]

_log = logging.getLogger("application")


class _Output(logging.StreamHandler[Any]):
    """The standard output, whatever it is at the moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(message)s"))

    @property
    def stream(self) -> Any:
        return sys.stdout

    @stream.setter
    def stream(self, stream: Any) -> None:
        """It is what it is."""


class _Levels:
    """The levels by name; ``current`` is the lowest that is shown."""

    ALL: ClassVar[int] = logging.NOTSET + 1
    DEBUG: ClassVar[int] = logging.DEBUG
    INFO: ClassVar[int] = logging.INFO
    WARNING: ClassVar[int] = logging.WARNING
    ERROR: ClassVar[int] = logging.ERROR
    CRITICAL: ClassVar[int] = logging.CRITICAL
    NONE: ClassVar[int] = logging.CRITICAL + 1

    @property
    def current(self) -> int:
        return _log.level

    @current.setter
    def current(self, value: int) -> None:
        _log.setLevel(value)


level = _Levels()


def debug(message: object, *args: object, **_context: object) -> None:
    """Show a message for developers."""
    _log.debug(str(message), *args)


def info(message: object, *args: object, **_context: object) -> None:
    """Show a message."""
    _log.info(str(message), *args)


def warning(message: object, *args: object, **_context: object) -> None:
    """Show a warning."""
    _log.warning(f"warning: {message}", *args)


def error(message: object, *args: object, **_context: object) -> None:
    """Show an error."""
    _log.error(f"error: {message}", *args)


def critical(message: object, *args: object, **_context: object) -> None:
    """Show an error after which the script cannot go on."""
    _log.critical(f"fatal error: {message}", *args)


def exception(message: object = "", *args: object, **_context: object) -> None:
    """Show a message with the exception that is being handled."""
    _log.exception(str(message), *args)


msg, warn, fatal = info, warning, critical
err = exception

if not _log.handlers:
    _log.addHandler(_Output())
    _log.setLevel(logging.INFO)
    _log.propagate = False
