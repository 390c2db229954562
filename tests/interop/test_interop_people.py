"""Contacts, presence and voicemail in the real windows, through Kamailio's presence agent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import BlinkQ, Lab
from support.multicast import why_no_multicast
from support.windows import SHOTS, Softphone

pytestmark = pytest.mark.lab


@pytest.fixture
def softphone(desktop: Lab, tmp_path: Path, password_file: Path) -> Iterator[Softphone]:
    """Alice's softphone, with presence and voicemail; her mailbox is Bob, who answers by himself."""
    softphone = Softphone(desktop, tmp_path)
    softphone.add_alice("tls", password_file)
    for name, value in (
        ("presence.enabled", "true"), ("dialog_event.enabled", "true"), ("message_summary.enabled", "true"),
        ("message_summary.voicemail_uri", "bob@lab.test"),
    ):  # fmt: skip
        softphone.settings("set", name, value, "--account", "alice@lab.test")
    with softphone:
        softphone.see("registrationLabel", "Registered")
        yield softphone


def person(lab: Lab, tmp_path: Path, name: str) -> list[str]:
    """The options that make a command ``name``@lab.test."""
    password = tmp_path / f"{name}.password"
    password.write_text(f"{name}pw\n")
    return [
        "--config-dir", str(tmp_path / name), "--account", f"{name}@lab.test", "--password-file", str(password), "--ca", str(lab.ca),
        "--nameserver", lab.nameserver, "--local-address", "127.0.0.1", "--proxy", lab.proxy("udp"),
    ]  # fmt: skip


def add_contact(softphone: Softphone, name: str, address: str) -> None:
    softphone.press("ctrl+d")
    softphone.click("nameEdit")
    softphone.type(name, into="nameEdit")
    softphone.click("addressEdit")
    softphone.type(address, into="addressEdit")
    softphone.click("saveButton")
    softphone.see_row(name)


def test_the_presence_of_a_contact_and_our_own(softphone: Softphone, tmp_path: Path) -> None:
    lab = softphone.lab
    dave, erin = person(lab, tmp_path, "dave"), person(lab, tmp_path, "erin")
    softphone.press("alt+n")
    softphone.see("addContactButton")
    add_contact(softphone, "Dave", "dave")
    softphone.see_row("Dave, dave@lab.test, Offline")
    with BlinkQ("presence", "publish", "meeting", "--note", "until two", *dave) as publish:
        publish.wait_for("PresencePublicationDidSucceed")
        softphone.see_row("Dave, dave@lab.test, Busy, until two")
        softphone.point_away()
        softphone.shoot(SHOTS / "contacts.png")
        publish.interrupt()
        assert publish.wait() == 0
    softphone.see_row("Dave, dave@lab.test, Offline")

    with BlinkQ("presence", "watch", "alice", *erin) as watch:
        watch.wait_for_text("sip:alice@lab.test  open")
        softphone.click("noteEdit")
        softphone.type("In the garden", into="noteEdit")
        softphone.press("Return")
        watch.wait_for_text("“In the garden”")
        softphone.click("stateSelector")
        softphone.see_row("^Away$")
        for key in ("Down", "Down", "Return"):
            softphone.press(key)
        watch.wait_for_text("away")
        watch.interrupt()
        assert watch.wait() == 0


def test_neighbours_on_the_local_network(softphone: Softphone, tmp_path: Path) -> None:
    if (reason := why_no_multicast()) is not None:
        pytest.skip(reason)
    name, config = f"Bob {os.getpid()}", ["--config-dir", str(tmp_path / "bob"), "--account", "bonjour"]
    with BlinkQ("settings", "set", *config, "display_name", name) as done:
        assert done.wait() == 0, done.text
    softphone.click_action("Contacts")
    softphone.click_action("Neighbours")
    softphone.press("alt+n")
    with BlinkQ("echo", *config, "--local-address", "127.0.0.1") as bob:
        bob.wait_for("BonjourAccountRegistrationDidSucceed", count=2)
        softphone.see_row(f"^{name}, .*Available")
        softphone.point_away()
        softphone.shoot(SHOTS / "neighbours.png")
        softphone.double_click_row(f"^{name}, ")
        softphone.see("titleLabel", name)
        softphone.see("stateLabel", "In call")
        softphone.click("hangUpButton")
        softphone.see("stateLabel", "ended")
        bob.interrupt()
        assert bob.wait() == 0, bob.text
    softphone.ask(no_row=f"^{name}, ")


def test_voicemail_is_counted_and_heard(softphone: Softphone) -> None:
    lab = softphone.lab
    softphone.see("voicemailButton")
    lab.request(
        "PUBLISH", "sip:bob@lab.test", "-u", "vm", "-H", "Event: message-summary", "-H", "Expires: 30",
        "-H", "Content-Type: application/simple-message-summary",
        "-b", r"Messages-Waiting: yes\nMessage-Account: sip:bob@lab.test\nVoice-Message: 2/1\n",
    )  # fmt: skip
    softphone.see("voicemailButton", "^2$")
    softphone.point_away()
    softphone.shoot(SHOTS / "voicemail.png")
    softphone.click("voicemailButton")
    softphone.see("titleLabel", "Voicemail")
    softphone.see("stateLabel", "In call")
    softphone.click("hangUpButton")
    softphone.see("stateLabel", "ended")
