"""Presence, watchers, calls of others and voicemail: an account's subscriptions and publications, through every kind of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from support.presence_scene import BOB, DAVE, GOT, scene
from support.virtual_loop import run

from blinkq.base.catalogue import post
from blinkq.payloads.dialoginfo import Dialog, DialogInfo, DialogState
from blinkq.payloads.messagesummary import MessageSummary, Summary
from blinkq.payloads.pidf import PIDF, Person, PIDFNote, Service, Status
from blinkq.payloads.watcherinfo import Watcher, WatcherInfo, WatcherList
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.addressbook import ContactURI
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.core import SIPURI, FrozenToHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton

PIDF_TYPE, DIALOG_TYPE, WINFO_TYPE = PIDF.mime_type, DialogInfo.mime_type, WatcherInfo.mime_type
MWI = "SIPAccountGotMessageSummary"


@pytest.fixture(autouse=True)
def _fresh_singletons() -> Iterator[None]:
    Singleton.forget()
    yield
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()


def presence(basic: str, entity: str = f"sip:{BOB}") -> bytes:
    return PIDF(entity, [Service("t", Status(basic))]).to_bytes()


def flow(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def wrapper() -> None:
        run(test())  # type: ignore[arg-type]

    wrapper.__name__ = test.__name__
    return wrapper


# publishing ------------------------------------------------------------------------------------------------------------------


@flow
async def test_presence_is_published_changed_refreshed_and_taken_back() -> None:
    async with scene("presence") as s:
        there = s.server.published
        state = PIDF("sip:alice@example.com", [Person("p")])
        s.account.presence_state = state
        data = await s.until("PresencePublicationDidSucceed")
        assert (data.state, data.expires) == (state, 600)
        assert [PIDF.parse(body) for body in there["alice@example.com", "presence"].values()] == [state]
        state = PIDF("sip:alice@example.com", [Person("p")], [PIDFNote("back soon")])
        s.account.presence_state = state
        await s.until("PresencePublicationDidSucceed", 2)
        assert [PIDF.parse(body) for body in there["alice@example.com", "presence"].values()] == [state]
        await s.until("PresencePublisherWillRefresh", limit=600)
        await s.until("PresencePublicationDidSucceed", 3)
        assert s.server.requests[-1].body == b""
        s.account.presence_state = None
        await s.until("PresencePublicationDidEnd")
        assert there["alice@example.com", "presence"] == {}
        s.account.presence_state = state
        await s.until("PresencePublicationDidSucceed", 4)
        await AccountManager().stop_accounts()
        assert there["alice@example.com", "presence"] == {}
        assert s.recorder.names[-2:] == ["SIPAccountDidDeactivate", "SIPAccountManagerDidEnd"]
        assert len(s.recorder.all("PresencePublicationDidEnd")) == 2


@flow
async def test_a_state_set_before_the_start_is_published() -> None:
    async with scene("presence", start=False) as s:
        s.account.presence_state = PIDF("sip:alice@example.com")
        with pytest.raises(TypeError):
            s.account.presence_state = "online"  # type: ignore[assignment]
        with pytest.raises(ValueError):
            s.account.presence_state = PIDF("sip:alice@example.com", [Service("x", Status("perhaps"))])
        AccountManager().start()
        await s.until("PresencePublicationDidSucceed")


@flow
async def test_nothing_is_published_or_asked_while_it_is_switched_off() -> None:
    async with scene() as s:
        s.account.presence_state = PIDF("sip:alice@example.com")
        s.contact(BOB)
        await asyncio.sleep(60)
        assert s.server.count("PUBLISH") == s.server.count("SUBSCRIBE") == 0
        s.account.presence.enabled = s.account.message_summary.enabled = s.account.dialog_event.enabled = True
        s.account.save()
        await s.until("PresencePublicationDidSucceed")
        await s.until_true(lambda: s.server.watching("presence") == [BOB] and s.server.watching("dialog") == [BOB])
        await s.until_true(lambda: s.server.watching("message-summary") and s.server.watching("presence.winfo"))
        s.account.presence.enabled = s.account.message_summary.enabled = s.account.dialog_event.enabled = False
        s.account.save()
        await s.until_true(lambda: not s.server.watches and not any(s.server.published.values()))


@flow
async def test_what_the_server_has_forgotten_is_published_again() -> None:
    async with scene("presence") as s:
        s.account.presence_state = PIDF("sip:alice@example.com")
        await s.until("PresencePublicationDidSucceed")
        s.server.published.clear()
        await s.until("PresencePublicationDidSucceed", 2, limit=700)
        assert len(s.server.published["alice@example.com", "presence"]) == 1


@flow
async def test_a_server_without_publications_is_left_in_peace() -> None:
    async with scene("presence") as s:
        s.server.refuse["presence"] = (489, ())
        s.account.presence_state = PIDF("sip:alice@example.com")
        data = await s.until("PresencePublicationDidFail")
        assert (data.code, data.delay) == (489, 3600)
        before = s.server.count("PUBLISH")
        await asyncio.sleep(3000)
        assert s.server.count("PUBLISH") == before


@flow
async def test_a_server_that_is_down_for_a_while_gets_one_publication_in_the_end() -> None:
    async with scene("presence") as s:
        s.account.presence_state = PIDF("sip:alice@example.com")
        await s.until("PresencePublicationDidSucceed")
        s.server.mute = True
        s.account.presence_state = PIDF("sip:alice@example.com", [Person("p")])
        assert (await s.until("PresencePublicationDidFail")).code is None
        await asyncio.sleep(120)
        s.server.mute = False
        await s.until("PresencePublicationDidSucceed", 2, limit=120)
        (body,) = s.server.published["alice@example.com", "presence"].values()
        assert PIDF.parse(body).persons


# buddies ---------------------------------------------------------------------------------------------------------------------


@flow
async def test_the_presence_of_contacts_comes_changes_and_goes() -> None:
    async with scene("presence") as s:
        s.server.bodies[BOB, "presence"] = (PIDF_TYPE, presence("open"))
        bob = s.contact(BOB, DAVE)
        await s.until_true(lambda: s.basic() == "open")
        assert not s.recorder.last(GOT).full_state
        assert s.resource().state == "active"
        await s.until_true(lambda: s.server.watching("presence") == [BOB, DAVE])
        s.server.tell(BOB, "presence", PIDF_TYPE, presence("closed"))
        await s.until_true(lambda: s.basic() == "closed")
        assert s.account.events is not None
        assert s.account.events.presence is not None
        assert set(s.account.events.presence.resources) == {f"sip:{BOB}", f"sip:{DAVE}"}
        versions = [found.version for found in s.recorder.all(GOT)]
        assert versions == list(range(1, len(versions) + 1))
        s.server.tell(BOB, "presence", PIDF_TYPE, b"<garbage")
        s.server.tell(BOB, "presence", PIDF_TYPE, presence("open"))
        await s.until_true(lambda: s.basic() == "open")
        bob.uris = [ContactURI(DAVE)]  # type: ignore[assignment]
        bob.save()
        await s.until_true(lambda: s.server.watching("presence") == [DAVE])
        await s.until_true(lambda: s.resource().state == "terminated")
        bob.delete()
        await s.until_true(lambda: not s.server.watching("presence"))
        presence_of = s.account.events.presence.resources
        await s.until_true(lambda: not presence_of)


@flow
async def test_a_contact_that_does_not_want_to_be_asked_is_not() -> None:
    async with scene("presence") as s:
        bob = s.contact(BOB)
        await s.until_true(lambda: s.server.watching("presence") == [BOB])
        bob.presence.subscribe = False
        bob.save()
        await s.until_true(lambda: not s.server.watching("presence"))
        s.account.watch_presence(BOB)
        await s.until_true(lambda: s.server.watching("presence") == [BOB])
        s.account.watch_presence()
        await s.until_true(lambda: not s.server.watching("presence"))
        with pytest.raises(ValueError):
            s.account.watch_presence("not an address")


@flow
async def test_each_address_is_watched_by_one_account() -> None:
    async with scene("presence") as s:
        s.server.users["carol"] = "secret"
        s.server.users["other"] = "secret"
        for name in ("carol@example.com",):
            other = Account(name)
            other.password, other.enabled, other.presence.enabled = "secret", True, True
            other.save()
        s.contact(BOB)
        s.contact(DAVE)
        await s.until_true(lambda: len(s.server.watching("presence")) >= 2)
        await asyncio.sleep(20)
        assert s.server.watching("presence") == [BOB, DAVE]
        assert {watch.request.from_.uri.user for watch in s.server.watches if watch.event == "presence"} == {"alice"}
        s.account.presence.enabled = False
        s.account.save()
        await s.until_true(
            lambda: {watch.request.from_.uri.user for watch in s.server.watches if watch.event == "presence"} == {"carol"}
        )


@flow
async def test_a_pending_subscription_says_so_until_it_is_approved() -> None:
    async with scene("presence") as s:
        s.server.pending.add("presence")
        s.contact(BOB)
        data = await s.until(GOT)
        assert (data.resource_map[f"sip:{BOB}"].state, s.basic()) == ("pending", None)
        s.server.tell(BOB, "presence", PIDF_TYPE, presence("open"))
        data = await s.until(GOT, 2)
        assert (data.resource_map[f"sip:{BOB}"].state, s.basic()) == ("active", "open")


@pytest.mark.parametrize(("reason", "soon"), [("deactivated", True), ("timeout", True), ("rejected", False), ("noresource", False)])
def test_after_the_server_ends_it(reason: str, soon: bool) -> None:
    async def body() -> None:
        async with scene("presence") as s:
            s.contact(BOB)
            await s.until("PresenceSubscriptionDidStart")
            s.server.tell(BOB, "presence", PIDF_TYPE, b"", f"terminated;reason={reason}")
            data = await s.until("PresenceSubscriptionDidEnd")
            assert (data.originator, data.reason) == ("remote", reason)
            await asyncio.sleep(1000)
            assert (len(s.recorder.all("PresenceSubscriptionDidStart")) == 2) == soon
            if not soon:
                assert s.resource().reason == reason

    run(body())


@flow
async def test_a_server_that_was_away_is_subscribed_to_again_when_the_registration_is_back() -> None:
    async with scene("presence", registration__interval=60) as s:
        s.contact(BOB)
        await s.until("PresenceSubscriptionDidStart")
        s.server.down()
        await s.until("SIPAccountRegistrationDidFail")
        await asyncio.sleep(30)
        await s.server.up()
        await s.until("SIPAccountRegistrationDidSucceed", 2)
        await s.until_true(lambda: s.server.watching("presence") == [BOB], limit=5)


@flow
async def test_another_address_of_ours_is_told_to_the_notifier() -> None:
    async with scene("presence") as s:
        s.contact(BOB)
        s.account.presence_state = PIDF("sip:alice@example.com")
        await s.until("PresenceSubscriptionDidStart")
        await s.until("PresencePublicationDidSucceed")
        s.home.change_address("192.0.2.1", "192.0.2.77")
        await s.until("PresenceSubscriptionDidStart", 2)
        await s.until("PresencePublicationDidSucceed", 2)
        assert s.server.watches[-1].request.contacts[0].uri.host == "192.0.2.77"
        assert len(s.server.published["alice@example.com", "presence"]) == 1


@flow
async def test_resubscribe_begins_anew() -> None:
    async with scene("presence", "message_summary") as s:
        await s.until("MWISubscriptionDidStart")
        s.account.resubscribe()
        assert (await s.until("MWISubscriptionDidEnd")).originator == "local"
        await s.until("MWISubscriptionDidStart", 2)


@flow
async def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    async with scene("presence", "message_summary", registration__enabled=False) as s:
        s.server.users["alice"] = "another"
        data = await s.until("MWISubscriptionDidFail")
        assert data.code == 401
        assert 60 <= data.delay <= 120
        s.server.users["alice"] = "secret"
        await s.until("MWISubscriptionDidStart", limit=130)


# watchers, voicemail, calls of others --------------------------------------------------------------------------------------------


@flow
async def test_the_watchers_are_told() -> None:
    async with scene("presence") as s:
        def document(version: int, state: str, **watchers: str) -> bytes:
            found = [Watcher(f"sip:{name}@x", name, status, "subscribe") for name, status in watchers.items()]
            return WatcherInfo(version, state, [WatcherList("sip:alice@example.com", "presence", found)]).to_bytes()

        s.server.bodies["alice@example.com", "presence.winfo"] = (WINFO_TYPE, document(0, "full", bob="pending", eve="active"))
        data = await s.until("SIPAccountGotPresenceWinfo")
        assert (data.version, data.state, [watcher.id for watcher in data.watcher_list.pending]) == (0, "full", ["bob"])
        s.server.tell("alice@example.com", "presence.winfo", WINFO_TYPE, document(1, "partial", bob="active"))
        data = await s.until("SIPAccountGotPresenceWinfo", 2)
        assert {watcher.id: watcher.status for watcher in data.watchers} == {"bob": "active", "eve": "active"}
        before = s.server.count("SUBSCRIBE")
        s.server.tell("alice@example.com", "presence.winfo", WINFO_TYPE, document(3, "partial", bob="terminated"))  # 2 was lost
        await s.until("SIPAccountGotPresenceWinfo", 3)
        assert s.server.count("SUBSCRIBE") == before + 1
        assert s.recorder.last("SIPAccountGotPresenceWinfo").state == "full"


@flow
async def test_voicemail() -> None:
    async with scene("message_summary") as s:
        waiting = MessageSummary(True, "sip:alice@example.com", {"voice-message": Summary.of(2, 1)})
        s.server.bodies["alice@example.com", "message-summary"] = (MessageSummary.content_type, waiting.to_bytes())
        assert (await s.until(MWI)).message_summary == waiting
        assert s.account.mwi_active
        assert str(s.account.voicemail_uri) == "sip:alice@example.com"
        s.server.tell("alice@example.com", "message-summary", MessageSummary.content_type, b"nonsense")
        s.server.tell("alice@example.com", "message-summary", MessageSummary.content_type, MessageSummary(False).to_bytes())
        assert not (await s.until(MWI, 2)).message_summary.messages_waiting
        s.account.message_summary.voicemail_uri = "box@example.com"  # type: ignore[assignment]
        s.account.save()
        await s.until_true(lambda: s.server.watching("message-summary") == ["box@example.com"])
        assert str(s.account.voicemail_uri) == "sip:box@example.com"


@flow
async def test_the_lamp_of_a_colleague() -> None:
    async with scene("dialog_event") as s:
        def document(version: int, state: str, **dialogs: str) -> bytes:
            found = [Dialog(name, DialogState(value)) for name, value in dialogs.items()]
            return DialogInfo(version, state, f"sip:{BOB}", found).to_bytes()

        def lamp() -> tuple[str | None, bool]:
            resource = s.resource("SIPAccountGotDialogState")
            return resource.state, resource.busy

        s.server.bodies[BOB, "dialog"] = (DIALOG_TYPE, document(0, "full"))
        s.account.watch_dialogs(BOB)
        await s.until("SIPAccountGotDialogState")
        assert lamp() == ("active", False)
        s.server.tell(BOB, "dialog", DIALOG_TYPE, document(1, "partial", a="early"))
        await s.until_true(lambda: lamp() == ("active", True))
        s.server.tell(BOB, "dialog", DIALOG_TYPE, document(5, "partial", a="terminated"))  # some were lost: the full state is asked for
        await s.until_true(lambda: lamp() == ("active", False))
        s.server.tell(BOB, "dialog", DIALOG_TYPE, b"x")
        s.server.tell(BOB, "dialog", DIALOG_TYPE, document(9, "full", b="confirmed"))
        await s.until_true(lambda: lamp() == ("active", True))
        s.account.watch_dialogs()
        await s.until_true(lambda: lamp() == ("terminated", False))


class _Session:
    """What the publisher looks at."""

    def __init__(self, account: Account, direction: str) -> None:
        self.account = account
        self.direction = direction
        self.remote_identity = FrozenToHeader(SIPURI.parse("sip:bob@example.com"), "Bob \x00" if direction == "odd" else "Bob")


@flow
async def test_our_own_calls_are_published() -> None:
    async with scene("dialog_event") as s:
        def published() -> list[tuple[str | None, str]]:
            (body,) = s.server.published["alice@example.com", "dialog"].values()
            return [(dialog.direction, dialog.state.value) for dialog in DialogInfo.parse(body)]

        await s.until("DialogPublicationDidSucceed")
        assert published() == []
        ours, theirs, foreign = _Session(s.account, "outgoing"), _Session(s.account, "incoming"), _Session(None, "incoming")  # type: ignore[arg-type]
        post("SIPSessionNewOutgoing", ours, streams=[])
        post("SIPSessionNewIncoming", foreign, streams=[])
        await s.until_true(lambda: published() == [("initiator", "trying")])
        post("SIPSessionGotRingIndication", ours)
        await s.until_true(lambda: published() == [("initiator", "early")])
        post("SIPSessionDidStart", ours, streams=[])
        post("SIPSessionNewIncoming", theirs, streams=[])
        await s.until_true(lambda: published() == [("initiator", "confirmed"), ("recipient", "early")])
        assert s.account.dialog_state is not None
        assert len(s.account.dialog_state) == 2
        post("SIPSessionDidEnd", ours, originator="local", end_reason="user request")
        await s.until_true(lambda: published() == [("initiator", "terminated"), ("recipient", "early")])
        post("SIPSessionDidFail", theirs, originator="local", code=0, reason=None, failure_reason="x", redirect_identities=None)
        await s.until_true(lambda: published() == [("recipient", "terminated")])
        versions = [DialogInfo.parse(request.body).version for request in s.server.requests if request.method == "PUBLISH" and request.body]
        assert versions == sorted(versions)


@flow
async def test_a_name_that_xml_cannot_carry_does_not_matter() -> None:
    async with scene("dialog_event") as s:
        await s.until("DialogPublicationDidSucceed")
        odd = _Session(s.account, "odd")
        post("SIPSessionNewIncoming", odd, streams=[])
        await asyncio.sleep(5)
        assert len(s.recorder.all("DialogPublicationDidSucceed")) == 1
