"""The people of the real middleware: contacts in the configuration, presence of accounts, neighbours of the Bonjour account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.middleware import start_configuration

from blinkq.app.middleware import AccountLike
from blinkq.app.people import ContactEntry
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware
from blinkq.app.sipsimple_people import SIPSimplePeople
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount
from blinkq.sipsimple.addressbook import AddressbookManager
from blinkq.sipsimple.availability import Availability, read_availability
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.datatypes import SIPProxyAddress, SIPTransport
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.neighbours import BonjourPresenceState
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton

BOB = "sip:bob@example.com"


def at_once(work: Callable[[], object]) -> None:
    work()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[SIPSimplePeople]:
    Singleton.forget()
    start_configuration()
    AddressbookManager().load()
    monkeypatch.setattr(SIPSimplePeople, "_started", True)
    yield SIPSimplePeople(at_once)
    AddressbookManager().forget()
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()


def test_before_the_start_there_is_nobody() -> None:
    people = SIPSimplePeople(at_once)
    assert people.contacts() == []
    assert people.neighbours() == []
    assert not people.publishes()
    people.set_presence(Availability.AVAILABLE, "")
    people.set_local_network(True)
    assert not people.local_network()


def test_contacts_are_stored_changed_regrouped_and_removed(people: SIPSimplePeople) -> None:
    people.save_contact(ContactEntry("Bob", (BOB, "sip:bob@home.example.com"), "Work"))
    (stored,) = people.contacts()
    assert stored == ContactEntry("Bob", (BOB, "sip:bob@home.example.com"), "Work", True, stored.id)
    people.save_contact(ContactEntry("Robert", (BOB,), "Friends", False, stored.id))
    assert people.contacts() == [ContactEntry("Robert", (BOB,), "Friends", False, stored.id)]
    contact = AddressbookManager().get_contact(stored.id)
    assert not contact.dialog.subscribe
    people.save_contact(ContactEntry("Robert", (BOB,), "", False, stored.id))
    assert people.contacts()[0].group == ""
    people.remove_contact(people.contacts()[0])
    assert people.contacts() == []
    people.remove_contact(stored)  # gone meanwhile


def test_an_address_that_is_none_is_not_stored(people: SIPSimplePeople) -> None:
    with pytest.raises(ValueError, match="bob smith"):
        people.save_contact(ContactEntry("Bob", ("bob smith@",)))
    assert people.contacts() == []


def test_presence_is_set_on_all_accounts(people: SIPSimplePeople, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = Account("alice@example.com")
    alice.enabled = True
    monkeypatch.setattr(AccountManager(), "get_accounts", lambda: [alice, BonjourAccount()])
    assert not people.publishes()
    alice.presence.enabled = True
    assert people.publishes()
    people.set_presence(Availability.BUSY, "Writing")
    assert alice.presence_state is not None
    assert read_availability([alice.presence_state]) == (Availability.BUSY, "Writing")
    assert BonjourAccount().presence_state == BonjourPresenceState("busy", "Writing")
    people.set_presence(Availability.OFFLINE, "")
    assert alice.presence_state is None
    assert BonjourAccount().presence_state == BonjourPresenceState("offline", "")
    BonjourAccount().presence_state = None


def test_the_mailbox(people: SIPSimplePeople) -> None:
    alice: Any = Account("alice@example.com")
    assert people.voicemail_address(alice) is None
    alice.message_summary.enabled = True
    assert people.voicemail_address(alice) == "sip:alice@example.com"
    assert people.voicemail_address(people.local_account()) is None


def test_a_neighbour_is_one_however_it_is_reached(people: SIPSimplePeople, monkeypatch: pytest.MonkeyPatch) -> None:
    def record(id: str | None, transport: str, state: str | None) -> SimpleNamespace:
        uri = f"sip:x@192.0.2.7;transport={transport}"
        return SimpleNamespace(
            id=id, name="Eve", host="laptop", uri=uri, transport=transport, presence=BonjourPresenceState(state, "Hi")
        )  # fmt: skip

    found = {
        _Named("eve-udp"): record("urn:1", "udp", "on-the-phone"), _Named("eve-tcp"): record("urn:1", "tcp", "on-the-phone"),
        _Named("old"): record(None, "udp", None),
    }  # fmt: skip
    monkeypatch.setattr(BonjourAccount, "neighbours", property(lambda _self: found))
    first, second = people.neighbours()
    assert (first.key, first.uri, first.availability) == ("urn:1", "sip:x@192.0.2.7;transport=tcp", Availability.BUSY)
    assert (second.key, second.availability, second.note) == ("old", Availability.AVAILABLE, "Hi")


def test_the_local_network_is_switched_on(people: SIPSimplePeople) -> None:
    assert not people.local_network()
    people.set_local_network(True)
    assert people.local_network()
    assert BonjourAccount().enabled
    people.set_local_network(False)
    assert not people.local_network()


class _Named:
    """The name of an announcement."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_where_calls_are_looked_up(people: SIPSimplePeople, monkeypatch: pytest.MonkeyPatch, qapp: object, tmp_path: Path) -> None:
    """By the account's settings; neighbours and calls without an account straight."""
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        DNSLookup, "lookup_sip_proxy", lambda _self, target, transports, tls_name=None: asked.append((str(target), list(transports)))
    )  # fmt: skip
    middleware, alice = SIPSimpleMiddleware(tmp_path), Account("alice@example.com")
    account = cast(AccountLike, alice)
    middleware.lookup("sip:bob@example.org", account)
    alice.sip.always_use_my_proxy, alice.sip.transport = False, SIPTransport("tcp")
    middleware.lookup("sip:bob@example.org", account)
    alice.sip.outbound_proxy = SIPProxyAddress("proxy.example.com", 5070, "tls")
    middleware.lookup("sip:bob@example.org", account)
    middleware.lookup("sip:x@192.0.2.7:5062;transport=tcp", people.local_account())
    middleware.lookup("sip:echo@127.0.0.1:5070", None)
    everything = list(SIPSimpleSettings().sip.transport_list)
    assert asked == [
        ("sip:example.com", everything), ("sip:bob@example.org", ["tcp"]), ("sip:proxy.example.com:5070;transport=tls", everything),
        ("sip:x@192.0.2.7:5062;transport=tcp", everything), ("sip:echo@127.0.0.1:5070", everything),
    ]  # fmt: skip
