"""Another BlinkQ adds a stream to a call with the windows, through Kamailio: the person is asked, says yes or no, or it is taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lab import Lab
from support.windows import SHOTS, Softphone

pytestmark = pytest.mark.lab

# Calls Alice; each line on standard input is a command. Prints the names of the notifications.
CALLER = """
import sys, threading
from blinkq.base.notification import NotificationCenter
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration.backend.memory import MemoryBackend
from blinkq.sipsimple.configuration.keyring import MemoryPasswordStore
from blinkq.sipsimple.core import SIPURI, ToHeader
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

proxy, port = sys.argv[1], int(sys.argv[2])
over = threading.Event()
sessions = []

class Caller:
    def handle_notification(self, notification):
        print(notification.name, getattr(notification.data, "code", ""), flush=True)
        if notification.name == "SIPApplicationDidStart":
            account = Account("erin@lab.test")
            account.password, account.enabled, account.sip.outbound_proxy = "erinpw", True, proxy
            account.registration.enabled = False
            account.save()
        elif notification.name == "SIPAccountDidActivate" and notification.sender is Account("erin@lab.test") and not sessions:
            sessions.append(Session(Account("erin@lab.test")))
            route = Route("127.0.0.1", port, "udp")
            sessions[0].connect(ToHeader(SIPURI("lab.test", user="alice")), [route], [AudioStream()])
        elif notification.name == "SIPApplicationDidEnd":
            over.set()

caller = Caller()
NotificationCenter().add_observer(caller)
settings = {"SIPSimpleSettings": {"audio": {"input_device": "None", "output_device": "None", "alert_device": "None"}}}
application = SIPApplication()
application.start(MemoryBackend(settings), passwords=MemoryPasswordStore())
for line in sys.stdin:
    if line.strip() == "propose":
        sessions[0].add_stream(AudioStream())
    elif line.strip() == "cancel":
        sessions[0].cancel_proposal()
    else:
        break
application.stop()
over.wait(10)
"""


class Erin:
    """The other BlinkQ."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def says(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def hears(self, text: str) -> None:
        """Wait until a line begins so."""
        assert self._process.stdout is not None
        seen = []
        for line in self._process.stdout:
            seen.append(line)
            if line.startswith(text):
                return
        raise AssertionError(f"no {text}: {seen}")


@pytest.fixture
def erin(softphone: Softphone, tmp_path: Path) -> Iterator[Erin]:
    """Erin in a call with Alice."""
    lab: Lab = softphone.lab
    script = tmp_path / "caller.py"
    script.write_text(CALLER)
    process = subprocess.Popen(
        [sys.executable, str(script), lab.proxy("udp"), str(lab.port(60))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ),
    )  # fmt: skip
    try:
        softphone.click("Answer", within="IncomingDialog")
        softphone.see("stateLabel", "In call")
        erin = Erin(process)
        erin.hears("SIPSessionDidStart")
        yield erin
    finally:
        process.communicate("stop\n", timeout=30)


def test_a_proposal_is_asked_accepted_refused_and_taken_back(softphone: Softphone, erin: Erin) -> None:
    erin.says("propose")
    softphone.see("questionLabel", "wants to add to the call with you: more sound")
    softphone.point_away()
    softphone.shoot(SHOTS / "proposal.png")
    softphone.click("acceptButton")
    softphone.see("noticeLabel", "Added to the call: more sound.")
    erin.hears("SIPSessionGotAcceptProposal")

    erin.says("propose")
    softphone.click("rejectButton", within="PeerRequestDialog")
    erin.hears("SIPSessionGotRejectProposal 488")
    softphone.ask(gone="questionLabel")

    erin.says("propose")
    softphone.see("questionLabel")
    erin.says("cancel")
    softphone.ask(gone="questionLabel")
    erin.hears("SIPSessionGotRejectProposal 487")
    softphone.see("stateLabel", "In call")
    softphone.click("hangUpButton")
    erin.hears("SIPSessionDidEnd")
