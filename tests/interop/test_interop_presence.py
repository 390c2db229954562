"""Presence, watchers, voicemail and busy lamps against Kamailio's presence agent."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ, Lab

pytestmark = pytest.mark.lab

TRANSPORTS = ("udp", "tcp", "tls")


def person(lab: Lab, tmp_path: Path, name: str, transport: str) -> list[str]:
    """The options that make a command ``name``@lab.test."""
    password = tmp_path / f"{name}.password"
    password.write_text(f"{name}pw\n")
    return [
        "--config-dir", str(tmp_path / name), "--account", f"{name}@lab.test", "--password-file", str(password), "--ca", str(lab.ca),
        "--nameserver", lab.nameserver, "--local-address", "127.0.0.1", "--proxy", lab.proxy(transport),
    ]  # fmt: skip


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_presence_is_seen_changed_and_gone_and_its_watcher_is_told(lab: Lab, tmp_path: Path, transport: str) -> None:
    dave, erin = person(lab, tmp_path, "dave", transport), person(lab, tmp_path, "erin", transport)
    with BlinkQ("presence", "watch", "dave", *erin) as watch:
        watch.wait_for("PresenceSubscriptionDidStart")
        with BlinkQ("presence", "publish", "meeting", "--note", "until two – Raum 7", *dave) as publish:
            publish.wait_for("PresencePublicationDidSucceed")
            watch.wait_for_text("sip:dave@lab.test  open  meeting  “until two – Raum 7”")
            publish.wait_for_text("watcher sip:erin@lab.test: active")
            publish.interrupt()
            assert publish.wait() == 0
            assert "PresencePublicationDidEnd" in publish.names()
        watch.wait_for_text("sip:dave@lab.test  no state is published")
        watch.interrupt()
        assert watch.wait() == 0
    assert "Traceback" not in watch.text + publish.text


def test_watching_once(lab: Lab, tmp_path: Path) -> None:
    erin = person(lab, tmp_path, "erin", "udp")
    with BlinkQ("presence", "watch", "dave", "sip:bob@lab.test", "--once", *erin) as watch:
        assert watch.wait() == 0, watch.text
    assert watch.text.count("sip:") == 2


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_voicemail(lab: Lab, tmp_path: Path, transport: str) -> None:
    with BlinkQ("mwi", *person(lab, tmp_path, "dave", transport)) as mwi:
        mwi.wait_for("MWISubscriptionDidStart")
        voicemail(lab, "Messages-Waiting: yes\nMessage-Account: sip:dave@lab.test\nVoice-Message: 2/1 (1/0)\n")
        for count in itertools.count(1):  # what was published for the test before this one may not have expired, and comes first
            summary = mwi.wait_for("SIPAccountGotMessageSummary", count=count)["message_summary"]
            assert isinstance(summary, dict)
            if summary["summaries"]:
                break
        assert summary["summaries"]["voice-message"]["new_urgent_messages"] == 1
        mwi.wait_for_text("voice: 2 new, 1 old")
        said = mwi.text.count("no messages wait")
        voicemail(lab, "Messages-Waiting: no\n")
        mwi.wait_for_text("no messages wait", times=said + 1)


def voicemail(lab: Lab, body: str) -> None:
    lab.request(
        "PUBLISH", "sip:dave@lab.test", "-u", "vm", "-H", "Event: message-summary", "-H", "Expires: 5",
        "-H", "Content-Type: application/simple-message-summary", "-b", body.replace("\n", r"\n"),
    )  # fmt: skip


CALLER = """
import os, sys, threading
from blinkq.base.notification import NotificationCenter
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, ToHeader
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

proxy, port = sys.argv[1], int(sys.argv[2])
over = threading.Event()

class Caller:
    def handle_notification(self, notification):
        print(notification.name, flush=True)
        if notification.name == "SIPApplicationDidStart":
            account = Account("erin@lab.test")
            account.password, account.enabled, account.sip.outbound_proxy = "erinpw", True, proxy
            account.dialog_event.enabled, account.registration.enabled = True, False
            account.save()
        elif notification.name == "DialogPublicationDidSucceed" and not hasattr(self, "session"):
            self.session = Session(Account("erin@lab.test"))
            route = Route("127.0.0.1", port, "udp")
            self.session.connect(ToHeader(SIPURI("lab.test", user="bob")), [route], [AudioStream()])
        elif notification.name == "SIPApplicationDidEnd":
            over.set()

caller = Caller()
NotificationCenter().add_observer(caller)
backend = MemoryBackend({"SIPSimpleSettings": {}})
application = SIPApplication()
NotificationCenter().add_observer(caller)
application.start(backend, passwords=MemoryPasswordStore())
for line in sys.stdin:
    if line.strip() == "end":
        caller.session.end()
    else:
        break
application.stop()
over.wait(10)
"""


def test_a_call_of_ours_lights_the_lamp_of_a_colleague(lab: Lab, tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    script.write_text(CALLER)
    with BlinkQ("dialog", "watch", "erin", *person(lab, tmp_path, "dave", "udp")) as watch:
        watch.wait_for("DialogSubscriptionDidStart")
        watch.wait_for_text("sip:erin@lab.test  free")
        caller = subprocess.Popen(
            [sys.executable, str(script), lab.proxy("udp"), str(lab.port(60))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ),
        )  # fmt: skip
        try:
            assert caller.stdin is not None
            watch.wait_for_text("busy  confirmed (calls")
            caller.stdin.write("end\n")
            caller.stdin.flush()
            watch.wait_for_text("sip:erin@lab.test  free", times=2)
        finally:
            out, _ = caller.communicate("stop\n", timeout=PATIENCE)
        assert "DialogPublicationDidEnd" in out, out
    assert "Traceback" not in watch.text


def test_a_watcher_whom_nobody_has_approved_is_pending_on_both_sides(lab: Lab, tmp_path: Path) -> None:
    lab.reset("kamailio", LAB_PRES_RULES="1")  # it remembers whom it has let in before: these two have not met
    try:
        with BlinkQ("presence", "publish", "busy", *person(lab, tmp_path, "carol", "udp")) as publish:
            publish.wait_for("PresencePublicationDidSucceed")
            with BlinkQ("presence", "watch", "carol", "--once", *person(lab, tmp_path, "bob", "udp")) as watch:
                assert watch.wait() == 0, watch.text
            assert "sip:carol@lab.test  pending" in watch.text
            publish.wait_for_text("watcher sip:bob@lab.test: pending")
    finally:
        lab.reset("kamailio", "bob", "carol")
