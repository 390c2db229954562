"""Where an application keeps what it must not lose: the argument of ``SIPApplication.start`` in later editions of the middleware."""

from __future__ import annotations

import os

from zope.interface import Attribute, Interface, implementer

from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend

__all__ = ["FileStorage", "ISIPSimpleApplicationDataStorage", "ISIPSimpleStorage", "MemoryStorage"]


class ISIPSimpleStorage(Interface):  # type: ignore[misc]  # zope.interface has no types
    """What a storage has."""

    configuration_backend = Attribute("Provides IConfigurationBackend.")


class ISIPSimpleApplicationDataStorage(Interface):  # type: ignore[misc]  # as above
    """What a storage has that has a place for files."""

    directory = Attribute("The path of the directory.")


@implementer(ISIPSimpleStorage, ISIPSimpleApplicationDataStorage)
class FileStorage:
    """The settings in the file ``config`` of ``directory``."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = os.fspath(directory)
        self.configuration_backend = FileBackend(os.path.join(self.directory, "config"))


@implementer(ISIPSimpleStorage)
class MemoryStorage:
    """Nothing outlives the process."""

    def __init__(self) -> None:
        self.configuration_backend = MemoryBackend()
