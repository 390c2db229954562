"""BonjourAccount on the fake network: what it announces, whom it finds, who may call it, and calls to neighbours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.engine.service_directory import Service, ServiceDescription
from blinkq.sip.events import InvitationFailed, InvitationReceived
from blinkq.sipsimple.account import AccountManager, BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.neighbours import BonjourPresenceState
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

DESCRIPTION = ServiceDescription("sip:bobbobbo@192.0.2.2:5060;transport=tcp", "_sipuri._tcp")


@asynccontextmanager
async def neighbourhood() -> AsyncIterator[tuple[CallScene, BonjourAccount]]:
    """Alice, whose account for the local network is active and announced."""
    async with call_scene() as s:
        SIPSimpleSettings().sip.accept_direct_calls = False
        SIPSimpleSettings().instance_id = "urn:uuid:00000000-0000-4000-8000-00000000000a"
        account = BonjourAccount()
        account.display_name = "Alice"
        account.enabled = True
        account.save()
        await s.until("BonjourAccountRegistrationDidSucceed", 2)
        yield s, account


def bobs_service(**text: str) -> Service:
    """As another client of this kind announces itself."""
    said = {
        "txtvers": "1", "name": "Bob", "contact": "<sip:bobbobbo@192.0.2.2:5060;transport=tcp>", "instance_id": "urn:uuid:b", **text,
    }  # fmt: skip
    return Service(DESCRIPTION, "bobs-laptop", ("192.0.2.2",), 5060, said)


def bonjour_names(s: CallScene) -> list[str]:
    return [name for name in s.recorder.names if name.startswith(("Bonjour", "SIPAccountDid"))]


@flow
async def test_it_is_announced_as_other_clients_expect() -> None:
    async with neighbourhood() as (s, account):
        ports, user = s.engine.sip.ports, account.contact.username
        udp, tcp = (s.lan.services[ServiceDescription(f"{user}-{name}", f"_sipuri._{name}")] for name in ("udp", "tcp"))
        assert udp.text == {
            "txtvers": "1", "name": "Alice", "contact": f"<sip:{user}@192.0.2.1:{ports['udp']}>",
            "instance_id": "urn:uuid:00000000-0000-4000-8000-00000000000a",
        }  # fmt: skip
        assert tcp.text["contact"] == f"<sip:{user}@192.0.2.1:{ports['tcp']};transport=tcp>"
        assert (udp.port, udp.addresses) == (ports["udp"], ("192.0.2.1",))
        assert "." not in udp.description.name
        assert "." not in udp.host
        assert bonjour_names(s)[1:] == [  # the first one is of the other account
            "SIPAccountDidActivate", "BonjourAccountWillStart", "BonjourAccountWillInitiateDiscovery",
            "BonjourAccountWillInitiateDiscovery", "BonjourAccountWillRegister", "BonjourAccountWillRegister",
            "BonjourAccountRegistrationDidSucceed", "BonjourAccountRegistrationDidSucceed",
        ]  # fmt: skip
        assert {(data.name, data.transport) for data in s.recorder.all("BonjourAccountRegistrationDidSucceed")} == {
            (f"{user}-udp", "udp"), (f"{user}-tcp", "tcp"),
        }  # fmt: skip
        assert account.registered
        assert account.neighbours == {}, "we are no neighbour of ourselves"


@flow
async def test_it_says_goodbye() -> None:
    async with neighbourhood() as (s, account):
        s.lan.put(bobs_service())
        s.recorder.clear()
        account.enabled = False
        account.save()
        await s.until("SIPAccountDidDeactivate")
        assert bonjour_names(s) == [
            "BonjourAccountWillStop", "BonjourAccountRegistrationDidEnd", "BonjourAccountRegistrationDidEnd",
            "BonjourAccountDidRemoveNeighbour", "SIPAccountDidDeactivate",
        ]  # fmt: skip
        assert list(s.lan.services) == [DESCRIPTION]
        assert not account.registered
        assert account.neighbours == {}


@flow
async def test_it_says_goodbye_when_the_application_stops() -> None:
    async with neighbourhood() as (s, _account):
        await AccountManager().stop_accounts()
        assert s.lan.services == {}
        assert s.lan.listeners == []


@flow
async def test_neighbours_come_change_and_go() -> None:
    async with neighbourhood() as (s, account):
        s.lan.put(bobs_service())
        added = s.recorder.last("BonjourAccountDidAddNeighbour")
        assert added.neighbour == DESCRIPTION
        record = added.record
        assert (record.id, record.name, record.host, str(record.uri)) == (
            "urn:uuid:b", "Bob", "bobs-laptop", "sip:bobbobbo@192.0.2.2:5060;transport=tcp",
        )  # fmt: skip
        assert record.presence == BonjourPresenceState(None, "")
        s.lan.put(bobs_service())
        assert not s.recorder.all("BonjourAccountDidUpdateNeighbour"), "nothing was changed"
        s.lan.put(bobs_service(state="busy", note="at lunch"))
        assert s.recorder.last("BonjourAccountDidUpdateNeighbour").record.presence == BonjourPresenceState("busy", "at lunch")
        assert account.neighbours[DESCRIPTION].presence.state == "busy"
        s.lan.remove(DESCRIPTION)
        assert s.recorder.last("BonjourAccountDidRemoveNeighbour").neighbour == DESCRIPTION
        assert account.neighbours == {}


@flow
async def test_what_cannot_be_called_is_no_neighbour() -> None:
    async with neighbourhood() as (s, account):
        s.lan.put(bobs_service(contact="<sip:0900123456@203.0.113.9:5060>"))  # elsewhere; but the announcement has an address here
        assert str(account.neighbours[DESCRIPTION].uri) == "sip:0900123456@192.0.2.2:5060"
        s.lan.put(Service(DESCRIPTION, "bobs-laptop", ("203.0.113.9",), 5060, {"contact": "<sip:0900123456@203.0.113.9:5060>"}))
        assert account.neighbours == {}, "what was there and cannot be called any more is gone"
        s.lan.put(bobs_service(contact="<sips:bob@192.0.2.2;transport=tls>"))
        s.lan.put(bobs_service(contact="tel:+4930123456"))
        s.lan.put(bobs_service(contact="<"))
        assert account.neighbours == {}
        s.lan.put(bobs_service(name="Bob\x1b[2J\n" + "b" * 500))
        (record,) = account.neighbours.values()
        assert record.name == "Bob [2J " + "b" * 56


@flow
async def test_name_and_presence_are_announced_when_they_change() -> None:
    async with neighbourhood() as (s, account):
        account.display_name = "Alice at home"
        account.save()
        account.presence_state = BonjourPresenceState("available", "knocking is fine")
        await s.settle()
        for service in s.lan.services.values():
            assert service.text["name"] == "Alice at home"
            assert (service.text["state"], service.text["note"]) == ("available", "knocking is fine")
        account.presence.enabled = False
        account.save()
        await s.settle()
        assert all("state" not in service.text for service in s.lan.services.values())
        s.lan.refuse = lambda operation: "No." if operation == "update" else None
        account.display_name = "Al"
        account.save()
        await s.until("BonjourAccountRegistrationUpdateDidFail", 2)
        assert {service.text["name"] for service in s.lan.services.values()} == {"Alice at home"}


@flow
async def test_a_taken_name_gets_a_number() -> None:
    async with call_scene() as s:
        account = BonjourAccount()
        taken = ServiceDescription(f"{account.contact.username}-tcp", "_sipuri._tcp")
        s.lan.put(Service(taken, "other", ("192.0.2.7",), 5060, {}))
        account.enabled = True
        account.save()
        await s.until("BonjourAccountRegistrationDidSucceed", 2)
        names = {data.name for data in s.recorder.all("BonjourAccountRegistrationDidSucceed")}
        assert names == {f"{account.contact.username}-tcp (2)", f"{account.contact.username}-udp"}


@flow
async def test_whoever_only_looks_is_not_seen() -> None:
    async with neighbourhood() as (s, account):
        account.announced = False
        account.save()
        await s.until("BonjourAccountRegistrationDidEnd", 2)
        await s.settle()
        assert s.lan.services == {}
        s.lan.put(bobs_service())
        assert len(account.neighbours) == 1


@flow
async def test_without_a_network_it_waits_for_one() -> None:
    async with call_scene() as s:
        s.lan.refuse = lambda operation: "There is no network."
        account = BonjourAccount()
        account.enabled = True
        account.save()
        await s.until("BonjourAccountRegistrationDidFail", 4)
        assert {data.transport for data in s.recorder.all("BonjourAccountRegistrationDidFail")} == {"udp", "tcp"}
        assert s.recorder.last("BonjourAccountDiscoveryDidFail").reason == "There is no network."
        assert account.active
        s.lan.refuse = lambda operation: "No answer." if operation == "announce" else None
        await s.until("BonjourAccountWillRegister", 2)
        s.lan.put(bobs_service())
        assert len(account.neighbours) == 1, "others are seen although we are not"
        s.lan.refuse = lambda operation: None
        await s.until("BonjourAccountRegistrationDidSucceed", 2)


@flow
async def test_another_network_is_another_neighbourhood() -> None:
    async with neighbourhood() as (s, account):
        s.lan.put(bobs_service())
        s.recorder.clear()
        s.home.change_address("192.0.2.1", "198.51.100.1")
        await s.until("BonjourAccountRegistrationDidSucceed", 2)
        assert s.lan.opened[-1] == ("198.51.100.1",)
        contacts = [service.text["contact"] for service in s.lan.services.values() if service.text["name"] == "Alice"]
        assert all("@198.51.100.1:" in contact for contact in contacts)
        assert len(contacts) == 2
        assert account.neighbours == {}, "Bob's contact is on the old network"


# calls ---------------------------------------------------------------------------------------------------------------------------------


def contact_of(s: CallScene, account: BonjourAccount) -> str:
    return f"sip:{account.contact.username}@{s.home.addresses[0]}:{s.engine.sip.ports['udp']}"


async def refusal(s: CallScene, peer: Peer, target: str) -> int:
    await peer.invite(peer.sdp(), target)
    failed: Any = await peer.until(InvitationFailed, len(peer.all(InvitationFailed)) + 1)
    assert not s.recorder.all("SIPSessionNewIncoming")
    return int(failed.code)


@flow
async def test_a_neighbour_calls_the_announced_contact() -> None:
    async with neighbourhood() as (s, account):
        bob = await s.peer()
        await bob.invite(bob.sdp(), contact_of(s, account))
        await s.until("SIPSessionNewIncoming")
        session: Any = next(n.sender for n in s.recorder.seen if n.name == "SIPSessionNewIncoming")
        assert session.account is account
        session.accept(session.proposed_streams)
        await s.until("SIPSessionDidStart")


@flow
async def test_nobody_else_makes_us_ring() -> None:
    async with neighbourhood() as (s, account):
        bob, far = await s.peer(), await s.peer("203.0.113.9")
        assert await refusal(s, far, contact_of(s, account)) == 403, "he knows the contact, but is not on the local network"
        port = s.engine.sip.ports["udp"]
        assert await refusal(s, bob, f"sip:bonjour@192.0.2.1:{port}") == 404, "that is no contact that we announce"
        assert await refusal(s, bob, "sip:bonjour@local") == 404
        assert await refusal(s, bob, f"sip:alice@192.0.2.1:{port}") == 403, "the other account is none of the neighbours' business"
        SIPSimpleSettings().sip.accept_direct_calls = True
        assert await refusal(s, far, contact_of(s, account)) == 403
        AccountManager().default_account = account
        assert await refusal(s, bob, f"sip:whoever@192.0.2.1:{port}") == 404
        SIPSimpleSettings().sip.accept_direct_calls = False
        account.enabled = False
        account.save()
        await s.until("SIPAccountDidDeactivate")
        assert await refusal(s, bob, contact_of(s, account)) == 404


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_neighbour_is_called_directly(transport: str) -> None:
    @flow
    async def body() -> None:
        async with neighbourhood() as (s, account):
            bob = await s.peer(answering=True)
            parameters = ";transport=tcp" if transport == "tcp" else ""
            s.lan.put(bobs_service(contact=f"<sip:bobbobbo@192.0.2.2:5060{parameters}>"))
            uri = SIPURI.new(account.neighbours[DESCRIPTION].uri)
            session = Session(account)
            session.connect(ToHeader(uri), Route(uri.host, uri.port, uri.transport), [AudioStream(account)])
            await s.until("SIPSessionDidStart")
            request = bob.all(InvitationReceived)[-1].request
            assert str(request.uri) == str(uri)
            assert request.from_.uri.user == account.contact.username
            assert request.from_.display_name == "Alice"
            assert request.contacts[0].uri.user == account.contact.username
            assert bob.invitation.flow is not None
            assert bob.invitation.flow.transport == transport
            assert b"a=crypto" not in bob.all(InvitationReceived)[-1].sdp, "keys would go over the wire in the open"

    body()
