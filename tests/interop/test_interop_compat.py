"""Scripts of the SIP SIMPLE SDK against real peers: Kamailio asks for the password, baresip answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compat import EXAMPLES, Script, run_script
from support.lab import BlinkQ, Lab

pytestmark = pytest.mark.lab


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Alice's account, made by a script too."""
    directory = tmp_path / "settings"
    made = run_script(EXAMPLES / "make_account.py", directory, "alice@lab.test", "alicepw")
    assert made.returncode == 0, made.stderr
    return directory


def test_the_specifications_example_calls_bob_and_hangs_up(lab: Lab, settings: Path) -> None:
    with lab.events("bob") as bob:
        with Script(EXAMPLES / "simple_call.py", settings, "sip:bob@lab.test", f"127.0.0.1:{lab.port(60)}") as call:
            call.wait_for("Session started!")
            bob.wait_for(lambda event: event.get("type") == "CALL_ESTABLISHED")
            call.press_return()
            assert call.wait() == 0, call.lines
        bob.wait_for(lambda event: event.get("type") == "CALL_CLOSED")
    assert call.lines[0] == "Placing call, press enter to quit program"
    assert call.lines[-2:] == ["Session started!", "Session ended"]


def test_the_specifications_example_is_refused(lab: Lab, settings: Path) -> None:
    with Script(EXAMPLES / "simple_call.py", settings, "sip:486@lab.test", f"127.0.0.1:{lab.port(60)}") as call:
        call.wait_for("Failed to connect")
        call.press_return()
        assert call.wait() == 0, call.lines
    assert call.lines[-1] == "Failed to connect"


def test_a_script_publishes_its_presence(lab: Lab, settings: Path, tmp_path: Path) -> None:
    password = tmp_path / "erin.password"
    password.write_text("erinpw\n")
    erin = [
        "--config-dir", str(tmp_path / "erin"), "--account", "erin@lab.test", "--password-file", str(password), "--nameserver",
        lab.nameserver, "--local-address", "127.0.0.1", "--proxy", lab.proxy("udp"),
    ]  # fmt: skip
    with BlinkQ("presence", "watch", "alice", *erin) as watch:
        watch.wait_for("PresenceSubscriptionDidStart")
        with Script(EXAMPLES / "presence_publisher.py", settings, f"127.0.0.1:{lab.port(60)}", "writing letters") as publisher:
            publisher.wait_for("published for")
            watch.wait_for_text("sip:alice@lab.test  open  working  “writing letters”")
            publisher.press_return()
            assert publisher.wait() == 0, publisher.lines
        watch.wait_for_text("sip:alice@lab.test  no state is published")
        watch.interrupt()
        assert watch.wait() == 0
