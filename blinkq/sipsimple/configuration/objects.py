"""SettingsObject: declarations of settings as classes, one live object for each stored one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sipsimple.configuration.alias import SettingAlias
from blinkq.sipsimple.configuration.errors import ConfigurationBackendError, DuplicateIDError, ObjectNotFoundError
from blinkq.sipsimple.configuration.groups import Failures, ModifiedList, SettingsGroupMeta, SettingsState, iter_settings
from blinkq.sipsimple.configuration.manager import ConfigurationManager
from blinkq.sipsimple.configuration.setting import ModifiedValue, Setting

__all__ = ["SettingsObject", "SettingsObjectExtension", "SettingsObjectID", "SettingsObjectImmutableID"]

log = get_logger("sipsimple.configuration")

T = TypeVar("T", bound=str)


class SettingsObjectImmutableID(Generic[T]):
    """Descriptor of the id that distinguishes objects of one class; it cannot change.

    :param type: subclass of str that checks the id (ValueError)
    """

    def __init__(self, type: Callable[[str], T]) -> None:
        self.type = type

    @overload
    def __get__(self, owner: None, owner_class: Any) -> SettingsObjectImmutableID[T]: ...
    @overload
    def __get__(self, owner: object, owner_class: Any) -> T: ...
    def __get__(self, owner: object, owner_class: Any) -> SettingsObjectImmutableID[T] | T:
        return self if owner is None else owner.__dict__["_id"]

    def __set__(self, owner: object, value: object) -> None:
        raise AttributeError("the id of a settings object cannot be changed")


class SettingsObjectID(SettingsObjectImmutableID[T]):
    """An id that can be changed: the object is known by the new one at once, and stored under it by its ``save()``.

    Raises DuplicateIDError when another object has the new id, TypeError when it is no text.
    """

    def __set__(self, owner: object, value: object) -> None:
        if not isinstance(value, str):
            raise TypeError(f"an id must be text, not {value!r}")
        checked = self.type(value)
        if isinstance(owner, SettingsObject):
            owner._change_id(checked)
        else:
            owner.__dict__["_id"] = checked


class SettingsObjectExtension:
    """Base of classes whose settings an application adds with ``SettingsObject.register_extension``; cannot be instantiated."""

    def __new__(cls, *_args: object, **_kwargs: object) -> SettingsObjectExtension:
        raise TypeError("settings extensions are registered, not instantiated")


class SettingsObjectMeta(type):
    """One live object for each class and id."""

    def __call__(cls, id: str | None = None) -> Any:
        manager = ConfigurationManager()
        if not manager.started and (cls, None) not in manager.objects:
            raise IllegalStateError(f"{cls.__name__} cannot be used before the configuration was started")
        identifier = cls.__dict__.get("__id__", getattr(cls, "__id__", None))
        if isinstance(identifier, SettingsObjectImmutableID):
            if id is None:
                raise ValueError(f"{cls.__name__} needs an id")
            if not isinstance(id, str):
                raise TypeError(f"the id of {cls.__name__} must be text, not {id!r}")
            id = identifier.type(id)
        elif id is not None:
            raise TypeError(f"{cls.__name__} takes no id: there is only one")
        known = manager.objects.get((cls, id))
        if known is not None:
            return known
        with manager.lock:
            try:
                return manager.objects[cls, id]
            except KeyError:
                created = cast("SettingsObject", super().__call__(id))
                manager.objects[cls, id] = created
        created._activate()
        return created


class SettingsObject(SettingsState, metaclass=SettingsObjectMeta):
    """Base of stored objects.

    ``__group__`` is the group that objects live in (None: top level); ``__id__`` is a SettingsObjectID, or a constant text for a
    singleton. Creating an object loads what is stored for it; unusable values keep their default and CFGManagerLoadFailed tells.
    Raises IllegalStateError before the ConfigurationManager was started.

    Posts CFGSettingsObjectWasActivated, CFGSettingsObjectWasCreated, CFGSettingsObjectDidChange, CFGSettingsObjectWasDeleted.
    """

    __group__: ClassVar[str | None] = None
    __id__: ClassVar[Any] = None

    def __init__(self, id: str | None = None) -> None:
        self.__dict__["_id"] = id if id is not None else type(self).__id__
        self._failures: Failures = []
        #: the id it is stored under, until a changed one is saved
        self._saved_id: str = self.__dict__["_id"]
        self._deleted = False
        try:
            stored = ConfigurationManager().get(self._key)
        except ObjectNotFoundError:
            self._stored = False
        else:
            self._stored = True
            self._restore(stored, "", self._failures)

    @property
    def _key(self) -> list[str]:
        return self._key_of(self.__dict__["_id"])

    def _key_of(self, identifier: str) -> list[str]:
        return [identifier] if self.__group__ is None else [self.__group__, identifier]

    def save(self) -> None:
        """Store what was changed and tell observers. Nothing happens when nothing was changed, or the object was deleted.

        When storing fails the changes stay in force and CFGManagerSaveFailed tells.
        """
        manager = ConfigurationManager()
        with manager.lock:
            if self._deleted:
                return
            created = not self._stored
            modified = self.get_modified()
            if not modified and not created:
                return
            self._stored = True
            passing = {reference.path for reference in iter_settings(self) if not reference.setting.persistent}
            persistent = created or not passing.issuperset(modified)
            if persistent and manager.started:
                if "__id__" in modified and not created:
                    manager.rename(self._key_of(str(cast(ModifiedValue, modified["__id__"]).old)), self._key)
                manager.update(self._key, self._serialize())
        failure = _save(manager) if persistent else None
        failure = self._store_elsewhere(modified) or failure
        if failure is not None:
            log.error("settings could not be stored: %s", failure)
            post("CFGManagerSaveFailed", manager, object=self, operation="save", modified=modified, exception=failure)
        if created and type(self).__group__ is not None:
            post("CFGSettingsObjectWasActivated", self)
            post("CFGSettingsObjectWasCreated", self)
        if modified:
            post("CFGSettingsObjectDidChange", self, modified=modified)

    def get_modified(self) -> dict[str, ModifiedValue | ModifiedList]:
        """What was changed since the last call, by dotted path, a changed id as ``__id__``; it counts as saved from here on."""
        modified = super().get_modified()
        identifier: str = self.__dict__["_id"]
        if identifier != self._saved_id:
            if self._stored:
                modified["__id__"] = ModifiedValue(self._saved_id, identifier)
            self._saved_id = identifier
        return modified

    def clone(self, new_id: str) -> Any:
        """A new object of this class with the same values, not yet saved.

        Raises TypeError for singletons, DuplicateIDError when there is an object with this id.
        """
        cls = type(self)
        if not isinstance(cls.__id__, SettingsObjectImmutableID):
            raise TypeError(f"{cls.__name__} cannot be cloned: there is only one")
        checked = cls.__id__.type(new_id)
        if _is_taken(cls, checked):
            raise DuplicateIDError(f"there is a {cls.__name__} {checked} already")
        copied: Any = cls(checked)
        copied.update(self)
        return copied

    def delete(self) -> None:
        """Remove the object from the configuration; raises TypeError for singletons. Deleting twice does nothing."""
        if not isinstance(type(self).__id__, SettingsObjectImmutableID):
            raise TypeError(f"{type(self).__name__} cannot be deleted")
        manager = ConfigurationManager()
        failure: Exception | None = None
        with manager.lock:
            if self._deleted:
                return
            self._deleted = True
            manager.objects.pop((type(self), self.__dict__["_id"]), None)
            if self._stored:
                try:
                    manager.delete(self._key_of(self._saved_id))
                except (IllegalStateError, ObjectNotFoundError) as error:
                    failure = error
        if self._stored and failure is None:
            failure = _save(manager)
        self._delete_elsewhere()
        if failure is not None:
            post("CFGManagerSaveFailed", manager, object=self, operation="delete", modified={}, exception=failure)
        post("CFGSettingsObjectWasDeleted", self)

    @classmethod
    def register_extension(cls, extension: type[SettingsObjectExtension]) -> None:
        """Add the settings and groups of ``extension`` to this class, in place of those of the same name.

        Raises TypeError when it is no SettingsObjectExtension.
        """
        if not (isinstance(extension, type) and issubclass(extension, SettingsObjectExtension)):
            raise TypeError("only a subclass of SettingsObjectExtension can extend settings")
        for name in dir(extension):
            member = getattr(extension, name)
            if not name.startswith("__") and isinstance(member, Setting | SettingsGroupMeta | SettingAlias):
                setattr(cls, name, member)
                cls._load_again(name)

    @classmethod
    def _load_again(cls, name: str) -> None:
        """Let objects that live already have what is stored under a name that they did not know."""
        manager = ConfigurationManager()
        for known in list(manager.objects.values()):
            if not isinstance(known, cls) or not known._stored or not manager.started:
                continue
            try:
                stored = manager.get(known._key_of(known._saved_id))
            except ObjectNotFoundError:
                continue
            if name in stored:
                known._restore({name: stored[name]}, "", known._failures)
                known._tell_failures()

    def _store_elsewhere(self, modified: dict[str, Any]) -> Exception | None:
        """For values that do not belong into the settings file: subclasses store them and give back what went wrong."""
        return None

    def _delete_elsewhere(self) -> None:
        """The counterpart of ``_store_elsewhere`` when the object is deleted."""

    def _change_id(self, identifier: str) -> None:
        manager = ConfigurationManager()
        with manager.lock:
            old: str = self.__dict__["_id"]
            if identifier == old:
                return
            if identifier != self._saved_id and _is_taken(type(self), identifier):
                raise DuplicateIDError(f"there is a {type(self).__name__} {identifier} already")
            self.__dict__["_id"] = identifier
            if manager.objects.pop((type(self), old), None) is not None:
                manager.objects[type(self), identifier] = self

    def _activate(self) -> None:
        """Tell what happened while loading, once the object is the known one."""
        self._tell_failures()
        if self._stored and type(self).__group__ is not None:
            post("CFGSettingsObjectWasActivated", self)

    def _tell_failures(self) -> None:
        manager = ConfigurationManager()
        for path, error in self._failures:
            log.warning("a setting of %s is unusable, its default is taken: %s", ": ".join(self._key), error)
            post("CFGManagerLoadFailed", manager, attribute=path, container=self, error=error)
        self._failures.clear()


def _is_taken(cls: type[SettingsObject], identifier: str) -> bool:
    manager = ConfigurationManager()
    stored = manager.get_names([] if cls.__group__ is None else [cls.__group__])
    return (cls, identifier) in manager.objects or identifier in stored


def _save(manager: ConfigurationManager) -> Exception | None:
    try:
        manager.save()
    except (ConfigurationBackendError, IllegalStateError) as error:
        return error
    return None
