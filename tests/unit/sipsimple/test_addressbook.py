"""Contacts and groups: made, changed, stored, loaded again and deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.sipsimple.addressbook import AddressbookManager, Contact, ContactURI, Group
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.singleton import Singleton


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    Singleton.forget()
    yield
    AddressbookManager().forget()
    ConfigurationManager().stop()
    Singleton.forget()


def contact(name: str = "Bob", *uris: str) -> Contact:
    made: Contact = Contact.create(name, uris=[ContactURI.from_description(uri) for uri in uris])
    made.save()
    return made


def test_an_address_in_all_its_spellings() -> None:
    assert ContactURI("bob@example.com") == ContactURI("sip:bob@example.com")
    for address in (ContactURI("sip:bob@example.com", "work"), ContactURI("sips:bob@example.com"), ContactURI("sip:100@192.0.2.1:5070")):
        assert ContactURI.from_description(str(address)) == address
    for text in ("", "bob example", "tel:+12345", "sip:"):
        with pytest.raises(ValueError):
            ContactURI(text)


def test_a_contact_comes_changes_and_goes() -> None:
    start_configuration()
    manager = AddressbookManager()
    manager.load()
    recorder = Recorder()
    bob = contact("Bob", "sip:bob@example.com (work)", "sip:bob@example.org")
    assert manager.get_contacts() == [bob]
    assert manager.get_contact(bob.id) is bob
    assert bob.uris.default == ContactURI("sip:bob@example.com", "work")
    assert bob.presence.subscribe
    bob.name = "Robert"
    bob.presence.subscribe = False
    bob.save()
    assert set(recorder.last("AddressbookContactDidChange").modified) == {"name", "presence.subscribe"}
    bob.delete()
    assert not manager.has_contact(bob.id)
    book = [name for name in recorder.names if name.startswith("Addressbook")]
    assert book == [
        "AddressbookContactWasActivated", "AddressbookManagerDidAddContact", "AddressbookContactWasCreated", "AddressbookContactDidChange",
        "AddressbookContactDidChange", "AddressbookContactWasDeleted", "AddressbookManagerDidRemoveContact",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        manager.get_contact(bob.id)


def test_what_was_stored_is_loaded() -> None:
    backend = start_configuration()
    AddressbookManager().load()
    bob, carol = contact("Bob", "sip:bob@example.com"), contact("Carol")
    friends = Group.create("Friends")
    friends.contacts = [carol, bob]
    friends.save()
    data = backend.data
    AddressbookManager().forget()
    ConfigurationManager().stop()
    Singleton.forget()
    start_configuration(data)
    manager = AddressbookManager()
    manager.load()
    manager.load()
    (group,) = manager.get_groups()
    assert manager.get_group(group.id) is group
    assert [(found.name, str(found.uris)) for found in group.contacts] == [("Carol", ""), ("Bob", "sip:bob@example.com")]
    manager.get_contact(carol.id).delete()
    assert [found.name for found in group.contacts] == ["Bob"]
    group.delete()
    assert not manager.has_group(group.id)


def test_unusable_addresses_are_refused() -> None:
    start_configuration()
    AddressbookManager().load()
    bob = contact()
    with pytest.raises(ValueError):
        bob.uris = ["not an address"]  # type: ignore[assignment]
    assert bob.uris.default is None
