"""SettingsObject and SettingsGroup: declarations of settings as classes, one live object for each stored one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sipsimple.configuration.backend import Tree, Value
from blinkq.sipsimple.configuration.errors import ConfigurationBackendError, ObjectNotFoundError
from blinkq.sipsimple.configuration.manager import ConfigurationManager, DefaultValue
from blinkq.sipsimple.configuration.setting import ModifiedValue, Setting, to_stored

__all__ = [
    "SettingReference", "SettingsGroup", "SettingsGroupMeta", "SettingsObject", "SettingsObjectExtension", "SettingsObjectID", "group",
    "iter_settings",
]  # fmt: skip

log = get_logger("sipsimple.configuration")

T = TypeVar("T", bound=str)
G = TypeVar("G", bound="SettingsGroup")


@dataclass(frozen=True, slots=True)
class SettingReference:
    """One setting of one object: how preferences and command line reach it by its dotted path."""

    path: str
    setting: Setting[Any]
    container: object

    @property
    def value(self) -> Any:
        return self.setting.__get__(self.container, None)

    @property
    def text(self) -> str | None:
        """The value as a person would type it; None for None."""
        stored = to_stored(self.value)
        return ", ".join(stored) if isinstance(stored, list) else cast("str | None", stored)

    @property
    def is_default(self) -> bool:
        return self.setting.is_default(self.container)

    def set(self, value: object) -> None:
        """Assign a value; raises ValueError when it is not allowed."""
        self.setting.__set__(self.container, value)

    def set_text(self, text: str | None) -> None:
        """Assign what a person typed (empty or None stands for None where that is allowed); raises ValueError."""
        if text is None or (text == "" and self.setting.nillable):
            self.set(None)
        else:
            self.set(self.setting.parse(text))

    def reset(self) -> None:
        """Go back to the default."""
        self.set(DefaultValue)


class SettingsGroupMeta(type):
    """Makes a group class, placed as an attribute, act as a descriptor: one instance of the group for each owner."""

    def __get__(cls, owner: object, owner_class: Any = None) -> Any:
        if owner is None:
            return cls
        groups: dict[type, object] = owner.__dict__.setdefault("_groups", {})
        try:
            return groups[cls]
        except KeyError:
            return groups.setdefault(cls, cls())

    def __set__(cls, owner: object, value: object) -> None:
        raise AttributeError(f"the settings group {cls.__name__} cannot be replaced")


class SettingsGroup(metaclass=SettingsGroupMeta):
    """Base of groups of settings; groups can be nested. The class itself is the attribute of its owner."""


def group(cls: type[G]) -> G:
    """The group class itself, typed as what its owner's attribute gives: ``audio = group(AudioSettings)``."""
    return cls  # type: ignore[return-value]  # the metaclass is the descriptor that gives the instance


def iter_settings(container: object, prefix: str = "") -> Iterator[SettingReference]:
    """Every setting of an object or group, with its dotted path, in alphabetical order, values before groups."""
    members = [(name, getattr(type(container), name)) for name in dir(type(container)) if not name.startswith("__")]
    for name, member in members:
        if isinstance(member, Setting):
            yield SettingReference(prefix + name, member, container)
    for name, member in members:
        if isinstance(member, SettingsGroupMeta):
            yield from iter_settings(getattr(container, name), f"{prefix}{name}.")


class SettingsObjectID(Generic[T]):
    """Descriptor of the id that distinguishes objects of one class; it cannot change.

    :param type: subclass of str that checks the id (ValueError)
    """

    def __init__(self, type: Callable[[str], T]) -> None:
        self.type = type

    @overload
    def __get__(self, owner: None, owner_class: Any) -> SettingsObjectID[T]: ...
    @overload
    def __get__(self, owner: object, owner_class: Any) -> T: ...
    def __get__(self, owner: object, owner_class: Any) -> SettingsObjectID[T] | T:
        return self if owner is None else owner.__dict__["_id"]

    def __set__(self, owner: object, value: object) -> None:
        raise AttributeError("the id of a settings object cannot be changed")


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
        if isinstance(identifier, SettingsObjectID):
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


class SettingsObject(metaclass=SettingsObjectMeta):
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
        self._failures: list[tuple[str, ValueError]] = []
        self._deleted = False
        try:
            stored = ConfigurationManager().get(self._key)
        except ObjectNotFoundError:
            self._stored = False
        else:
            self._stored = True
            _restore(self, stored, "", self._failures)

    @property
    def _key(self) -> list[str]:
        identifier: str = self.__dict__["_id"]
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
            modified = self._take_changes()
            if not modified and not created:
                return
            self._stored = True
            persistent = created or any(ref.setting.persistent for ref in iter_settings(self) if ref.path in modified)
            if persistent and manager.started:
                manager.update(self._key, _serialize(self))
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

    def _take_changes(self) -> dict[str, ModifiedValue]:
        """What was changed since the last time, by path."""
        return {ref.path: change for ref in iter_settings(self) if (change := ref.setting.get_modified(ref.container))}

    def delete(self) -> None:
        """Remove the object from the configuration; raises TypeError for singletons. Deleting twice does nothing."""
        if not isinstance(type(self).__id__, SettingsObjectID):
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
                    manager.delete(self._key)
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
            if not name.startswith("__") and isinstance(member, Setting | SettingsGroupMeta):
                setattr(cls, name, member)

    def _store_elsewhere(self, modified: dict[str, ModifiedValue]) -> Exception | None:
        """For values that do not belong into the settings file: subclasses store them and give back what went wrong."""
        return None

    def _delete_elsewhere(self) -> None:
        """The counterpart of ``_store_elsewhere`` when the object is deleted."""

    def _activate(self) -> None:
        """Tell what happened while loading, once the object is the known one."""
        manager = ConfigurationManager()
        for path, error in self._failures:
            log.warning("the setting %s of %s is unusable, its default is taken: %s", path, ": ".join(self._key), error)
            post("CFGManagerLoadFailed", manager, attribute=path, container=self, error=error)
        self._failures.clear()
        if self._stored and type(self).__group__ is not None:
            post("CFGSettingsObjectWasActivated", self)


def _save(manager: ConfigurationManager) -> Exception | None:
    try:
        manager.save()
    except (ConfigurationBackendError, IllegalStateError) as error:
        return error
    return None


def _serialize(container: object) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name in dir(type(container)):
        member = getattr(type(container), name) if not name.startswith("__") else None
        if isinstance(member, Setting) and member.persistent:
            data[name] = member.serialize(container)
        elif isinstance(member, SettingsGroupMeta):
            data[name] = _serialize(getattr(container, name))
    return data


def _restore(container: object, stored: Tree, prefix: str, failures: list[tuple[str, ValueError]]) -> None:
    for name, value in stored.items():
        member = getattr(type(container), name, None)
        try:
            _restore_member(container, name, member, value, prefix, failures)
        except ValueError as error:
            failures.append((prefix + name, error))


def _restore_member(
    container: object, name: str, member: object, value: Value, prefix: str, failures: list[tuple[str, ValueError]]
) -> None:
    if isinstance(member, Setting) and member.persistent:
        member.restore(container, value)
    elif isinstance(member, SettingsGroupMeta):
        if not isinstance(value, dict):
            raise ValueError("this is a group, not a value")
        _restore(getattr(container, name), value, f"{prefix}{name}.", failures)
    # anything else was written by another version or application: it stays in the file and is none of our business
