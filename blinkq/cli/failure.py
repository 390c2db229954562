"""CommandFailure: a command cannot do what it was asked; the message is the sentence for the person."""

from __future__ import annotations

from blinkq.base.errors import BlinkQError
from blinkq.base.notification import NotificationData
from blinkq.sipsimple.configuration import ConfigurationVersionError

__all__ = ["CommandFailure", "WrongUsage", "as_sentence", "load_failure"]


class CommandFailure(BlinkQError):
    """Ends the command with exit status 1 and this sentence on standard error."""


class WrongUsage(BlinkQError):
    """Ends the command with exit status 2 and this sentence on standard error."""


def as_sentence(error: BaseException) -> str:
    """What an exception says, with a capital and a full stop."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def load_failure(data: NotificationData) -> str:
    """The data of CFGManagerLoadFailed as a sentence."""
    if data.attribute is None:
        if isinstance(data.error, ConfigurationVersionError):
            return as_sentence(data.error)
        kept = f" It is kept as {data.kept_as}." if vars(data).get("kept_as") else ""
        return f"The settings file is damaged ({data.error}).{kept} What can be read of it is used, and defaults for the rest."
    if data.container is None:
        return f"The stored account {data.attribute} cannot be used: {data.error}."
    return f"A stored setting cannot be used, its default is: {data.error}."
