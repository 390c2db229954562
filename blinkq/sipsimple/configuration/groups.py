"""SettingsGroup: settings grouped under a name; and what groups and objects have in common: their settings, read, compared and stored.

A group is declared by placing its class as an attribute of its owner, which may be a group itself. Each owner gets its own instance.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from blinkq.sipsimple.configuration.alias import SettingAlias
from blinkq.sipsimple.configuration.backend import Tree, Value
from blinkq.sipsimple.configuration.errors import InvalidSettingError, NoSettingError
from blinkq.sipsimple.configuration.manager import DefaultValue
from blinkq.sipsimple.configuration.setting import ModifiedValue, Setting, to_stored

__all__ = ["ModifiedList", "SettingReference", "SettingsGroup", "SettingsGroupMeta", "SettingsState", "group", "iter_settings"]

G = TypeVar("G", bound="SettingsGroup")

#: what went wrong while loading: the path of the setting, and why
Failures = list[tuple[str, ValueError]]


class ModifiedList:
    """What became of a collection's items: ``added`` and ``removed`` are ids, ``modified`` maps an id to its changed settings."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self, added: list[str], removed: list[str], modified: dict[str, dict[str, Any]]) -> None:
        self.added = added
        self.removed = removed
        self.modified = modified

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModifiedList):
            return NotImplemented
        return (self.added, self.removed, self.modified) == (other.added, other.removed, other.modified)

    __hash__ = None  # type: ignore[assignment]  # what it holds can change

    def __repr__(self) -> str:
        return f"ModifiedList(added={self.added!r}, removed={self.removed!r}, modified={self.modified!r})"


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
            self.set(self.setting._checked(self.container, text, self.setting.parse))

    def reset(self) -> None:
        """Go back to the default."""
        self.set(DefaultValue)


class SettingsState:
    """Base of whatever has settings: groups, stored objects, and the items of collections."""

    def get_modified(self) -> dict[str, ModifiedValue | ModifiedList]:
        """What was changed since the last call, by dotted path; what is set now counts as saved from here on."""
        modified: dict[str, ModifiedValue | ModifiedList] = {}
        self._collect_changes("", modified)
        return modified

    def update(self, other: SettingsState) -> None:
        """Take over the values of another state of the same class; raises TypeError when it is of another one."""
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} cannot take over the settings of {type(other).__name__}")
        for name, member in _members(type(self)):
            if isinstance(member, Setting):
                member.__set__(self, DefaultValue if member.is_default(other) else member.__get__(other, None))
            elif isinstance(member, SettingsGroupMeta):
                getattr(self, name).update(getattr(other, name))

    def _collect_changes(self, prefix: str, modified: dict[str, ModifiedValue | ModifiedList]) -> None:
        for name, member in _members(type(self)):
            if isinstance(member, Setting):
                change = member.get_modified(self)
                if change is not None:
                    modified[prefix + name] = change
            elif isinstance(member, SettingsGroupMeta):
                getattr(self, name)._collect_changes(f"{prefix}{name}.", modified)

    def _serialize(self) -> dict[str, Any]:
        """The tree of what is set, with DefaultValue for what is not: what ``ConfigurationManager.update`` takes."""
        data: dict[str, Any] = {}
        for name, member in _members(type(self)):
            if isinstance(member, Setting) and member.persistent:
                data[name] = member.serialize(self)
            elif isinstance(member, SettingsGroupMeta):
                inner: SettingsState = getattr(self, name)
                data[inner._stored_name(name)] = inner._serialize()
        return data

    def _stored_name(self, name: str) -> str:
        """The name to store a group under; collections mark it."""
        return name

    def _restore(self, stored: Tree, prefix: str, failures: Failures) -> None:
        """Take what is stored. What cannot be used keeps its default and is added to ``failures``."""
        for name, value in stored.items():
            try:
                self._restore_member(name, value, prefix, failures)
            except ValueError as error:
                failures.append((prefix + name, error))

    def _restore_member(self, name: str, value: Value, prefix: str, failures: Failures) -> None:
        member = getattr(type(self), name, None)
        if isinstance(member, Setting) and member.persistent:
            member.restore(self, value)
        elif isinstance(member, SettingsGroupMeta):
            if not isinstance(value, dict):
                raise InvalidSettingError(f"{self.__dict__.get('_path', '')}{name}", value, "this is a group, not a value")
            getattr(self, name)._restore(value, f"{prefix}{name}.", failures)
        # anything else was written by another version or application: it stays in the file and is none of our business


class SettingsGroupMeta(type):
    """Makes a group class, placed as an attribute, act as a descriptor: one instance of the group for each owner."""

    def __get__(cls, owner: object, owner_class: Any = None) -> Any:
        if owner is None:
            return cls
        groups: dict[type, object] = owner.__dict__.setdefault("_groups", {})
        try:
            return groups[cls]
        except KeyError:
            return groups.setdefault(cls, cls._instance_for(owner))

    def __set__(cls, owner: object, value: object) -> None:
        path = cls._path_in(owner)
        first = next((f", as {path}.{name}" for name, member in _members(cls) if isinstance(member, Setting)), "")
        raise NoSettingError(path, value, f"it is a group of settings: assign to these{first}")

    def _path_in(cls, owner: object) -> str:
        names = (name for base in type(owner).__mro__ for name, member in vars(base).items() if member is cls)
        return f"{owner.__dict__.get('_path', '')}{next(names, cls.__name__)}"

    def _instance_for(cls, owner: object) -> object:
        instance = cls()
        # for messages that name a setting, and for aliases that point out of their group
        instance.__dict__["_path"] = f"{cls._path_in(owner)}."
        instance.__dict__["_owner"] = owner
        return instance


class SettingsGroup(SettingsState, metaclass=SettingsGroupMeta):
    """Base of groups of settings; groups can be nested. The class itself is the attribute of its owner.

    Assigning to a name that is no setting raises NoSettingError: a slip of the pen would be a setting that nobody reads.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            known = [member for member, _ in _members(type(self))]
            near = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise NoSettingError(f"{self.__dict__.get('_path', '')}{name}", value, f"there is no such setting; {advice}")
        super().__setattr__(name, value)


def group(cls: type[G]) -> G:
    """The group class itself, typed as what its owner's attribute gives: ``audio = group(AudioSettings)``."""
    return cls  # type: ignore[return-value]  # the metaclass is the descriptor that gives the instance


def iter_settings(container: object, prefix: str = "") -> Iterator[SettingReference]:
    """Every setting of an object or group, with its dotted path, in alphabetical order, values before groups.

    The items of collections are not among them: they are not declared, they come and go.
    """
    members = _members(type(container))
    for name, member in members:
        if isinstance(member, Setting):
            yield SettingReference(prefix + name, member, container)
    for name, member in members:
        if isinstance(member, SettingsGroupMeta):
            yield from iter_settings(getattr(container, name), f"{prefix}{name}.")


def _members(cls: type) -> list[tuple[str, Any]]:
    named = ((name, getattr(cls, name)) for name in dir(cls) if not name.startswith("__"))
    return [(name, member) for name, member in named if isinstance(member, Setting | SettingsGroupMeta | SettingAlias)]
