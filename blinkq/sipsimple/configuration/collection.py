"""ItemCollection: a group of settings whose members come and go, each known by its id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from blinkq.sipsimple.configuration.backend import Tree
from blinkq.sipsimple.configuration.errors import DuplicateIDError
from blinkq.sipsimple.configuration.groups import Failures, ModifiedList, SettingsGroup, SettingsState
from blinkq.sipsimple.configuration.manager import ItemContainer, PersistentKey
from blinkq.sipsimple.configuration.objects import SettingsObjectImmutableID
from blinkq.sipsimple.configuration.setting import ModifiedValue

__all__ = ["Item", "ItemCollection", "ItemManagement"]


class Item(SettingsState):
    """Base of what a collection holds: settings, and an ``id`` that is text."""

    __id__: ClassVar[Any] = SettingsObjectImmutableID(str)

    id = __id__

    def __init__(self, id: str) -> None:
        if not isinstance(id, str):
            raise TypeError(f"an id must be text, not {id!r}")
        self.__dict__["_id"] = type(self).__id__.type(id)


class ItemManagement:
    """What happens beside when items come and go; a subclass may keep other settings true to the collection."""

    def add_item(self, item: Any, collection: ItemCollection) -> None:
        """``item`` was added."""

    def remove_item(self, item: Any, collection: ItemCollection) -> None:
        """``item`` was removed."""


class ItemCollection(SettingsGroup):
    """A group that holds items in the order in which they were added; place the class as an attribute of its owner.

    A subclass names the class of its items, ``_item_type``, and may name an ItemManagement, ``_item_management``. Changes are in force at
    once and stored by the object's ``save()``, which tells them as ModifiedList under the collection's name.
    """

    _item_type: ClassVar[Any] = Item
    _item_management: ClassVar[ItemManagement] = ItemManagement()

    def __init__(self) -> None:
        self._items: dict[str, Any] = {}
        self._saved_ids: list[str] = []

    def __getitem__(self, id: str) -> Any:
        return self._items[id]

    def __contains__(self, item: object) -> bool:
        return item in self._items.values()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def ids(self) -> list[str]:
        """The ids of the items."""
        return list(self._items)

    def get(self, id: str, default: Any = None) -> Any:
        """The item with this id, or ``default``."""
        return self._items.get(id, default)

    def add(self, item: Any) -> None:
        """Add an item. Raises TypeError when it is of another class, DuplicateIDError when there is one with its id."""
        if not isinstance(item, self._item_type):
            raise TypeError(f"{type(self).__name__} holds {self._item_type.__name__}, not {item!r}")
        if item.id in self._items:
            raise DuplicateIDError(f"there is a {self._item_type.__name__} {item.id} already")
        item.__dict__["_path"] = f"{self.__dict__.get('_path', '')}{item.id}."
        self._items[item.id] = item
        self._item_management.add_item(item, self)

    def remove(self, item: Any) -> None:
        """Remove an item; raises ValueError when it is not there."""
        if item not in self:
            raise ValueError(f"{item!r} is not in {type(self).__name__}")
        del self._items[item.id]
        self._item_management.remove_item(item, self)

    def update(self, other: SettingsState) -> None:
        """Take over copies of the items of another collection of the same class."""
        if not isinstance(other, type(self)):
            raise TypeError(f"{type(self).__name__} cannot take over the items of {type(other).__name__}")
        for item in self:
            self.remove(item)
        for theirs in other:
            copied = self._item_type(theirs.id)
            copied.update(theirs)
            self.add(copied)

    def _collect_changes(self, prefix: str, modified: dict[str, ModifiedValue | ModifiedList]) -> None:
        changes = {item.id: item.get_modified() for item in self}
        saved = self._saved_ids
        added = [id for id in self._items if id not in saved]
        removed = [id for id in saved if id not in self._items]
        changed = {id: change for id, change in changes.items() if change and id not in added}
        self._saved_ids = list(self._items)
        if added or removed or changed:
            modified[prefix.removesuffix(".")] = ModifiedList(added, removed, changed)

    def _serialize(self) -> dict[str, Any]:
        return {PersistentKey(item.id): item._serialize() for item in self}

    def _stored_name(self, name: str) -> str:
        return ItemContainer(name)

    def _restore(self, stored: Tree, prefix: str, failures: Failures) -> None:
        for id, tree in stored.items():
            try:
                item = self._item_type(id)
            except ValueError as error:
                failures.append((prefix + id, error))
                continue
            self._items[item.id] = item
            item.__dict__["_path"] = f"{prefix}{id}."
            if isinstance(tree, dict):
                item._restore(tree, f"{prefix}{id}.", failures)
        self._saved_ids = list(self._items)

