"""Collections of items, changeable ids, and copies of objects."""

from __future__ import annotations

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.sipsimple.configuration import (
    ConfigurationManager,
    DuplicateIDError,
    Item,
    ItemCollection,
    ItemContainer,
    ItemManagement,
    ModifiedList,
    ModifiedValue,
    ObjectNotFoundError,
    PersistentKey,
    Setting,
    SettingsObject,
    SettingsObjectID,
    group,
)


class Address(Item):
    type = Setting(str, "home")


class Watch(ItemManagement):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def add_item(self, item: Address, collection: ItemCollection) -> None:
        self.seen.append(f"+{item.id}")

    def remove_item(self, item: Address, collection: ItemCollection) -> None:
        self.seen.append(f"-{item.id}")


class Addresses(ItemCollection):
    _item_type = Address


class Contact(SettingsObject):
    __group__ = "Contacts"
    __id__ = SettingsObjectID(str)

    id = __id__
    name: Setting[str | None] = Setting(str, nillable=True)
    addresses = group(Addresses)


def test_items_come_go_and_change() -> None:
    backend = start_configuration()
    contact = Contact("a")
    contact.addresses.add(Address("one"))
    two = Address("two")
    two.type = "work"
    contact.addresses.add(two)
    contact.save()
    assert backend.data["Contacts"] == {"a": {"addresses": {"one": {}, "two": {"type": "work"}}}}
    recorder = Recorder("CFGSettingsObjectDidChange")
    contact.addresses.remove(contact.addresses["one"])
    contact.addresses.add(Address("three"))
    two.type = "mobile"
    contact.save()
    assert recorder.last("CFGSettingsObjectDidChange").modified == {
        "addresses": ModifiedList(["three"], ["one"], {"two": {"type": ModifiedValue("work", "mobile")}})
    }
    assert backend.data["Contacts"] == {"a": {"addresses": {"two": {"type": "mobile"}, "three": {}}}}
    recorder.clear()
    contact.save()
    assert recorder.names == []
    for item in contact.addresses:
        contact.addresses.remove(item)
    contact.save()
    assert backend.data["Contacts"] == {"a": {}}


def test_items_are_loaded_and_what_is_unusable_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("ERROR"):
        start_configuration({"Contacts": {"a": {"addresses": {"one": {"type": ["x"]}, "two": {"type": "work", "colour": "red"}}}}})
        recorder = Recorder("CFGManagerLoadFailed")
        contact = Contact("a")
    assert contact.addresses.ids() == ["one", "two"]
    assert [item.type for item in contact.addresses] == ["home", "work"]
    assert [data.attribute for data in recorder.all("CFGManagerLoadFailed")] == ["addresses.one.type"]
    assert contact.addresses.get("none") is None


def test_collections_check_what_they_are_given() -> None:
    start_configuration()
    contact = Contact("a")
    one = Address("one")
    contact.addresses.add(one)
    assert one in contact.addresses
    assert len(contact.addresses) == 1
    with pytest.raises(DuplicateIDError, match="there is a Address one already"):
        contact.addresses.add(Address("one"))
    with pytest.raises(TypeError, match="holds Address"):
        contact.addresses.add("one")
    with pytest.raises(ValueError, match="is not in Addresses"):
        contact.addresses.remove(Address("one"))
    with pytest.raises(KeyError):
        contact.addresses["two"]
    with pytest.raises(TypeError, match="an id must be text"):
        Address(5)  # type: ignore[arg-type]


def test_management_hears_of_items(monkeypatch: pytest.MonkeyPatch) -> None:
    start_configuration()
    watch = Watch()
    monkeypatch.setattr(Addresses, "_item_management", watch)
    contact = Contact("a")
    one = Address("one")
    contact.addresses.add(one)
    contact.addresses.remove(one)
    assert watch.seen == ["+one", "-one"]


def test_an_id_can_be_changed_and_is_stored_by_saving() -> None:
    backend = start_configuration({"Contacts": {"a": {"name": "Ann", "unknown": "kept"}, "b": {}}})
    contact = Contact("a")
    recorder = Recorder("CFGSettingsObjectDidChange")
    contact.id = "c"
    assert Contact("c") is contact
    assert "a" in ConfigurationManager().get_names(["Contacts"])
    contact.save()
    assert recorder.last("CFGSettingsObjectDidChange").modified == {"__id__": ModifiedValue("a", "c")}
    assert backend.data["Contacts"] == {"b": {}, "c": {"name": "Ann", "unknown": "kept"}}
    with pytest.raises(DuplicateIDError, match="there is a Contact b already"):
        contact.id = "b"
    with pytest.raises(TypeError):
        contact.id = 5  # type: ignore[assignment]
    contact.delete()
    assert backend.data["Contacts"] == {"b": {}}


def test_an_object_with_a_changed_id_can_be_deleted_unsaved() -> None:
    backend = start_configuration({"Contacts": {"a": {}}})
    contact = Contact("a")
    contact.id = "b"
    contact.delete()
    assert backend.data == {"configuration_version": backend.data["configuration_version"], "Contacts": {}}


def test_a_new_object_is_stored_under_its_last_id() -> None:
    backend = start_configuration()
    contact = Contact("a")
    contact.id = "b"
    contact.save()
    assert backend.data["Contacts"] == {"b": {}}


def test_objects_can_be_cloned() -> None:
    backend = start_configuration({"Contacts": {"a": {"name": "Ann", "addresses": {"one": {"type": "work"}}}}})
    copied = Contact("a").clone("b")
    assert (copied.id, copied.name, copied.addresses["one"].type) == ("b", "Ann", "work")
    assert copied.addresses["one"] is not Contact("a").addresses["one"]
    assert list(backend.data["Contacts"]) == ["a"]  # type: ignore[arg-type]
    copied.save()
    assert backend.data["Contacts"]["b"] == {"name": "Ann", "addresses": {"one": {"type": "work"}}}  # type: ignore[call-overload,index]
    with pytest.raises(DuplicateIDError):
        copied.clone("a")
    with pytest.raises(TypeError):
        copied.addresses.update(copied)


def test_names_in_the_managers_data_can_say_that_they_stay() -> None:
    start_configuration({"a": {"list": {"one": {"x": "1"}, "two": {}}}})
    manager = ConfigurationManager()
    manager.update(["a"], {ItemContainer("list"): {PersistentKey("two"): {}, "three": {}}, "gone": {}})
    assert manager.get(["a"]) == {"list": {"two": {}}}
    manager.rename(["a", "list"], ["a", "other"])
    assert manager.get(["a"]) == {"other": {"two": {}}}
    with pytest.raises(ObjectNotFoundError):
        manager.rename(["a", "list"], ["a", "more"])
    manager.update(["b"], {"x": "1"})
    with pytest.raises(DuplicateIDError, match="there are settings for b already"):
        manager.rename(["a"], ["b"])
