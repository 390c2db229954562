"""Sentences of the specification, tried one by one with a program of the application's kind: what it says happens."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from support.call_scene import audio_sdp, call_scene, flow
from zope.interface.verify import verifyClass, verifyObject

from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import NotificationCenter
from blinkq.sip.events import InvitationReceived, ReinviteReceived
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount
from blinkq.sipsimple.audio import AudioBridge, AudioDevice, IAudioPort, WavePlayer, WaveRecorder
from blinkq.sipsimple.core import SIPURI, FrozenFromHeader, FrozenToHeader, Route, ToHeader
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import Session, SessionManager
from blinkq.sipsimple.streams import AudioStream, ChatStream, DesktopSharingStream, FileTransferStream, IMediaStream, MediaStreamRegistry

METHODS: dict[str, tuple[Any, ...]] = {
    "accept": ([],), "reject": (), "accept_proposal": ([],), "reject_proposal": (), "add_stream": (None,), "remove_stream": (None,),
    "cancel_proposal": (), "send_ring_indication": (), "connect": (None, [], []), "transfer": ("sip:carol@example.com",),
    "accept_transfer": (), "reject_transfer": (), "end": (), "hold": (), "unhold": (),
}  # fmt: skip


def refusals(session: Session, account: Any, allowed: set[str]) -> None:
    """Every method that is not allowed raises, naming itself and the state, and nothing changes."""
    state = session.state
    for name, arguments in METHODS.items():
        if name in allowed:
            continue
        if name == "connect":
            arguments = (ToHeader(SIPURI("example.com", user="bob")), [Route("192.0.2.2")], [AudioStream(account)])
        elif name == "add_stream":
            arguments = (AudioStream(account),)
        elif name == "remove_stream":
            arguments = ((session.streams or session.proposed_streams or [AudioStream(account)])[0],)
        with pytest.raises(IllegalStateError) as raised:
            getattr(session, name)(*arguments)
        assert name in str(raised.value), (name, str(raised.value))
        # a transfer has states of its own
        named = session.transfer_handler.state if name.endswith("_transfer") and state == "connected" else state
        assert str(named) in str(raised.value), (name, str(raised.value))
        assert session.state == state


@flow
async def test_methods_are_refused_outside_their_states() -> None:
    async with call_scene() as s:
        refusals(Session(s.account), s.account, {"connect", "hold", "unhold", "end"})
        session, bob = await s.incoming(audio_sdp("192.0.2.2"))
        assert session.state == "incoming"
        refusals(session, s.account, {"accept", "reject", "send_ring_indication", "hold", "unhold", "end"})
        bob.answers()
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        assert session.state == "connected"
        refusals(session, s.account, {"add_stream", "remove_stream", "transfer", "hold", "unhold", "end"})
        session.end()
        await s.until("SIPSessionDidEnd")
        assert session.state == "terminated"
        refusals(session, s.account, {"hold", "unhold", "end"})
        session.hold()
        session.end()


@flow
async def test_what_every_notification_of_a_call_says() -> None:
    """Data exactly as written: timestamp is a datetime, originators, reasons, streams, identities while active."""
    async with call_scene() as s:
        bob = await s.peer()
        bob.answers(ring=True)
        session = s.call(bob)
        assert isinstance(session.state, str)
        assert session.state == "outgoing"
        assert session.direction == "outgoing"
        assert session.start_time is None
        await s.until("SIPSessionDidStart")
        assert isinstance(session.start_time, datetime.datetime)
        assert session.stop_time is None
        assert session.transport == "udp"
        assert isinstance(session.local_identity, FrozenFromHeader | FrozenToHeader)
        assert isinstance(session.remote_identity, FrozenFromHeader | FrozenToHeader)
        assert session.remote_user_agent == "Peer/1"
        assert session in SessionManager().sessions
        copied = SessionManager().sessions
        copied.clear()
        assert session in SessionManager().sessions
        session.hold()
        held = await s.until("SIPSessionDidChangeHoldState")
        assert (held.originator, held.on_hold, held.partial) == ("local", True, False)
        assert session.on_hold
        session.end()
        ended = await s.until("SIPSessionDidEnd")
        assert (ended.originator, ended.end_reason) == ("local", "user request")
        assert isinstance(session.stop_time, datetime.datetime)
        assert session not in SessionManager().sessions
        for seen in s.recorder.seen:
            assert isinstance(seen.data.timestamp, datetime.datetime), seen.name
        names = s.session_names
        assert names.index("NewOutgoing") < names.index("GotRingIndication") < names.index("WillStart") < names.index("DidStart")
        assert names.index("WillEnd") < names.index("DidEnd")
        byes = [d for d in s.recorder.all("SIPSessionDidProcessTransaction") if d.method == "BYE"]
        assert [(d.originator, d.code) for d in byes] == [("local", 200)]
        assert not hasattr(byes[0], "ack_received")  # only INVITE transactions have it


@flow
async def test_a_cancelled_proposal_is_a_rejected_one_with_487() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: None
        more = AudioStream(s.account)
        session.add_stream(more)
        await bob.until(ReinviteReceived)
        proposed = await s.until("SIPSessionGotProposal")
        assert (proposed.originator, proposed.streams) == ("local", [more])
        assert session.state == "sending_proposal"
        session.cancel_proposal()
        rejected = await s.until("SIPSessionGotRejectProposal")
        assert (rejected.originator, rejected.code, rejected.streams) == ("local", 487, [more])
        await s.settle()
        assert session.state == "connected"
        assert session.proposed_streams is None
        session.end()
        await s.until("SIPSessionDidEnd")


@flow
async def test_routes_are_tried_in_order_until_one_succeeds() -> None:
    async with call_scene() as s:
        nobody = Route("192.0.2.77", 5060, "tcp")
        bob = await s.peer("192.0.2.3", answering=True)
        session = s.call(nobody, bob)
        await s.until("SIPSessionDidStart")
        assert session.transport == "udp"
        assert session.route is not None
        assert session.route.address == "192.0.2.3"
        session.end()
        await s.until("SIPSessionDidEnd")


@flow
async def test_hold_may_be_called_in_any_state() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(bob)
        session.hold()
        await bob.until(InvitationReceived)
        bob.answers()
        bob.do(bob.invitation.accept, bob.sdp())
        await s.until("SIPSessionDidStart")
        await s.until("SIPSessionDidChangeHoldState")
        received = [event for event in bob.events if isinstance(event, InvitationReceived | ReinviteReceived)]
        assert "sendonly" in bytes(received[-1].sdp).decode()
        session.end()
        await s.until("SIPSessionDidEnd")


@flow
async def test_accounts_and_their_manager() -> None:
    async with call_scene() as s:
        account = s.account
        assert Account("alice@example.com") is account
        assert (account.id.username, account.id.domain) == ("alice", "example.com")
        assert len(account.contact.username) == 8
        assert account.contact.username.isalpha()
        assert account.contact.username.islower()
        assert account.contact["udp"].port == s.engine.sip.ports["udp"]
        assert account.contact["tcp"].parameters["transport"] == "tcp"
        assert "transport" not in account.contact["udp"].parameters
        manager = AccountManager()
        assert manager.find_account(account.contact["udp"]) is account
        assert manager.find_account(SIPURI("elsewhere.example", user="nobody")) is None
        with pytest.raises(KeyError):
            manager.get_account("nobody@example.com")
        bonjour = BonjourAccount()
        assert BonjourAccount() is bonjour
        assert (bonjour.id, bonjour.id.username, bonjour.id.domain) == ("bonjour@local", "bonjour", "local")
        assert bonjour.credentials.password in ("", b"")
        before = account.credentials
        account.display_name = "Alice the Second"
        account.auth.password = "other"
        account.save()
        assert account.credentials is not before
        assert "other" in str(account.credentials.password)
        changed = s.recorder.last("CFGSettingsObjectDidChange")
        assert set(changed.modified) == {"display_name", "password"}
        assert (changed.modified["display_name"].old, changed.modified["display_name"].new) == (None, "Alice the Second")
        second = Account("carol@example.net")
        second.enabled = True
        second.registration.enabled = False
        second.save()
        added = s.recorder.last("SIPAccountManagerDidAddAccount")
        assert added.account is second
        await s.settle(0.1)
        assert any(n.name == "SIPAccountDidActivate" and n.sender is second for n in s.recorder.seen)
        manager.default_account = second
        default = s.recorder.last("SIPAccountManagerDidChangeDefaultAccount")
        assert (default.old_account, default.account) == (account, second)
        second.delete()
        await s.settle(0.1)
        assert s.recorder.last("SIPAccountManagerDidRemoveAccount").account is second
        assert manager.default_account is account
        assert not manager.has_account("carol@example.net")
        account.enabled = False
        assert not any(n.name == "SIPAccountDidDeactivate" and n.sender is account for n in s.recorder.seen)
        account.save()
        await s.settle(0.1)
        assert any(n.name == "SIPAccountDidDeactivate" and n.sender is account for n in s.recorder.seen)
        assert manager.find_account(SIPURI("example.com", user="alice")) is None
        account.enabled = True
        account.save()
        await s.settle(0.1)


@flow
async def test_looking_up_in_both_ways() -> None:
    async with call_scene() as s:
        lookup = DNSLookup()
        asked = lookup.lookup_sip_proxy(SIPURI("example.com", user="bob"), ["udp"])
        with pytest.raises(IllegalStateError):
            asked.wait()
        routes = await asked
        assert [(r.address, r.port, r.transport) for r in routes] == [("192.0.2.9", 5060, "udp")]
        assert s.recorder.last("DNSLookupDidSucceed").result == routes
        traces = s.recorder.all("DNSLookupTrace")
        assert {trace.context for trace in traces} == {"lookup_sip_proxy"}
        assert not any(hasattr(trace, "service") for trace in traces)
        assert all((trace.answer is None) != (trace.error is None) for trace in traces)
        s.recorder.clear()
        servers = await lookup.lookup_service(SIPURI("example.com"), "stun")
        assert servers == [("192.0.2.9", 3478)]  # no SRV: the default port of the service at the domain's own address
        assert all(trace.service == "stun" for trace in s.recorder.all("DNSLookupTrace"))
        # an address is no domain: nothing is asked
        s.recorder.clear()
        assert (await lookup.lookup_sip_proxy(SIPURI("192.0.2.5", port=5070), ["tcp", "udp"]))[0].port == 5070
        assert not s.recorder.all("DNSLookupTrace")
        # sips is TLS only
        assert {r.transport for r in await lookup.lookup_sip_proxy(SIPURI("192.0.2.5", secure=True), ["udp", "tls"])} == {"tls"}
        # a transport parameter is used as far as it is supported
        uri = SIPURI("192.0.2.5", parameters={"transport": "tcp"})
        assert [r.transport for r in await lookup.lookup_sip_proxy(uri, ["udp", "tcp"])] == ["tcp"]


@flow
async def test_the_registry_has_streams_by_priority() -> None:
    async with call_scene() as s:
        registry = MediaStreamRegistry()
        assert MediaStreamRegistry() is registry
        classes = list(registry)
        assert {AudioStream, ChatStream, FileTransferStream, DesktopSharingStream} <= set(classes)
        priorities = [cls.priority for cls in classes]
        assert priorities == sorted(priorities, reverse=True)
        for cls in classes:
            assert verifyClass(IMediaStream, cls)
        assert verifyObject(IMediaStream, AudioStream(s.account))
        with pytest.raises(TypeError, match="IMediaStream"):
            registry.add(object)


@flow
async def test_bridges() -> None:
    """A set that keeps no strong references, and is a port itself."""
    async with call_scene():
        mixer = Runtime.voice_audio_mixer
        assert mixer is not None
        bridge, inner = AudioBridge(mixer), AudioBridge(mixer)
        device = AudioDevice(mixer)
        for port in (bridge, device, WavePlayer(mixer, "a.wav"), WaveRecorder(mixer, "a.wav"), AudioStream()):
            assert verifyObject(IAudioPort, port)
        bridge.add(device)
        bridge.add(device)
        bridge.add(inner)
        bridge.remove(device)
        with pytest.raises(ValueError, match=r"bridge|port"):
            bridge.remove(device)
        slots: list[Any] = []

        class Watch:
            def handle_notification(self, notification: Any) -> None:
                slots.append(notification.data)

        watch = Watch()
        NotificationCenter().add_observer(watch, name="AudioPortDidChangeSlots", sender=device)
        old = device.producer_slot
        device.input_muted = True
        assert device.producer_slot is None
        assert (slots[0].producer_slot_changed, slots[0].old_producer_slot, slots[0].new_producer_slot) == (True, old, None)
        assert slots[0].consumer_slot_changed is False


@flow
async def test_a_failed_call_says_who_and_why_and_never_ends() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.reject, 486) if isinstance(event, InvitationReceived) else None
        session = s.call(bob)
        failed = await s.until("SIPSessionDidFail")
        assert (failed.originator, failed.code, failed.reason) == ("remote", 486, "Busy Here")
        assert failed.failure_reason
        assert session.state == "terminated"
        await s.settle(5)
        assert not s.recorder.all("SIPSessionDidEnd")


@flow
async def test_a_refused_call_fails_locally_with_the_code_given() -> None:
    async with call_scene() as s:
        session, _bob = await s.incoming(audio_sdp("192.0.2.2"))
        with pytest.raises(TypeError):
            session.reject("busy")  # type: ignore[arg-type]
        session.reject()
        failed = await s.until("SIPSessionDidFail")
        assert (failed.originator, failed.code) == ("local", 603)
        assert session.state == "terminated"


@flow
async def test_dtmf_is_one_valid_digit_of_a_started_stream() -> None:
    async with call_scene() as s:
        with pytest.raises(IllegalStateError):
            AudioStream(s.account).send_dtmf("1")
        with pytest.raises(IllegalStateError):
            AudioStream(s.account).start_recording("x.wav")
        session, _bob = await s.connected()
        (stream,) = session.streams
        for wrong in ("", "12", "Z", 5, None):
            with pytest.raises((ValueError, TypeError)):
                stream.send_dtmf(wrong)
        stream.send_dtmf("#")
        assert stream.sample_rate
        assert stream.codec
        assert stream.srtp_active is False
        assert stream.ice_active is False
        assert stream.local_rtp_candidate_type is None
        assert stream.recording_filename is None
        assert (stream.remote_rtp_address_sdp, stream.remote_rtp_port_sdp) == ("192.0.2.2", 4000)
        session.end()
        await s.until("SIPSessionDidEnd")


def test_streams_of_the_specification_have_its_types() -> None:
    assert (AudioStream.type, ChatStream.type, FileTransferStream.type) == ("audio", "chat", "file-transfer")
    assert DesktopSharingStream.type == "desktop-sharing"
