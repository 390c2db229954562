"""A seeded monkey switches presence on and off, changes whom to watch, kills the server, moves us, and lets the server end things.

Whatever it does: nothing raises, what we know counts up in order, when calm returns all is as the settings say, and nothing is left at
the server or alive here after the end.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest
from support.presence_scene import GOT, Scene, scene
from support.virtual_loop import run

from blinkq.payloads.pidf import PIDF, PIDFNote, Service, Status
from blinkq.sipsimple.account import AccountManager
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton

PEOPLE = [f"friend{number}@example.com" for number in range(4)]
GROUPS = ("presence", "dialog_event", "message_summary")


@pytest.fixture(autouse=True)
def _fresh_singletons() -> Iterator[None]:
    Singleton.forget()
    yield
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()


def act(s: Scene, chance: random.Random) -> None:
    """One thing of the application, the network or the server."""
    chance.choice([application, application, network, server])(s, chance)


def application(s: Scene, chance: random.Random) -> None:
    account = s.account
    match chance.randrange(5):
        case 0 | 1:
            group = getattr(account, chance.choice(GROUPS))
            group.enabled = not group.enabled
            account.save()
        case 2:
            account.presence_state = chance.choice([None, PIDF("sip:alice@example.com", notes=[PIDFNote(str(chance.random()))])])
        case 3:
            chance.choice([account.watch_presence, account.watch_dialogs])(*chance.sample(PEOPLE, chance.randrange(5)))
        case 4:
            chance.choice([account.resubscribe, account.reregister])()


def network(s: Scene, chance: random.Random) -> None:
    if chance.random() < 0.5:
        s.server.mute = not s.server.mute
        return
    old = s.home.addresses[0]
    s.home.change_address(old, "192.0.2.77" if old == "192.0.2.1" else "192.0.2.1")


def server(s: Scene, chance: random.Random) -> None:
    if chance.random() < 0.2:
        chance.choice([s.server.published, s.server.watches]).clear()  # type: ignore[attr-defined]  # both can
    for watch in list(s.server.watches):
        if chance.random() < 0.2:
            reason = chance.choice(["deactivated", "probation", "timeout"])
            s.server.notify(watch, "", b"", f"terminated;reason={reason}")
        else:
            body = PIDF(f"sip:{watch.uri}", [Service("t", Status(chance.choice(["open", "closed"])))]).to_bytes()
            s.server.notify(watch, PIDF.mime_type, chance.choice([body, b"", b"<x", body[:50]]), chance.choice(["active", "pending"]))


def as_the_settings_say(s: Scene) -> bool:
    account, there = s.account, s.server
    presence = account.presence.enabled
    published = there.published.get(("alice@example.com", "presence"), {})
    return (
        there.watching("presence") == (sorted(uri.removeprefix("sip:") for uri in account.watched_presence) if presence else [])
        and there.watching("dialog")
        == (sorted(uri.removeprefix("sip:") for uri in account.watched_dialogs) if account.dialog_event.enabled else [])
        and bool(there.watching("presence.winfo")) == presence
        and bool(there.watching("message-summary")) == account.message_summary.enabled
        and (not presence or account.presence_document[1] is None or account.presence_document[1] in published.values())
    )


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens(seed: int) -> None:
    async def body() -> None:
        chance = random.Random(seed)
        async with scene(registration__interval=60) as s:
            for _ in range(40):
                act(s, chance)
                await asyncio.sleep(chance.choice([0.0, 0.01, 0.5, 20.0, 150.0]))
            s.server.mute = False
            await asyncio.sleep(300)
            s.server.watches.clear()  # what the silent server has missed the end of would hide what is there now
            s.account.resubscribe()
            await s.until_true(lambda: as_the_settings_say(s), limit=4000)
            versions = [data.version for data in s.recorder.all(GOT)]
            assert versions == sorted(versions) or 1 in versions[1:]  # a new life of the subscriber counts anew
            await AccountManager().stop_accounts()
            assert not s.server.watches
            assert s.account.events is None

    run(body())
