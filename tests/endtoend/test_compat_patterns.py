"""How the SDK's own scripts call its objects, whole: small scripts in their style, run under compat."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.compat import Script, run_script
from support.lab import BlinkQ
from support.ports import free_port
from support.tones import sine
from support.voice import write_wav

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture
def port() -> int:
    return free_port()


def test_an_audio_client(port: int, tmp_path: Path) -> None:
    beep = write_wav(tmp_path / "beep.wav", sine(440, 0.3, 16000), 16000)
    environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with BlinkQ("echo", "--listen", f"127.0.0.1:{port}", "--config-dir", str(tmp_path / "echo"), environment=environment) as service:
        service.wait_for("SIPApplicationDidStart")
        done = run_script(SCRIPTS / "audio_client.py", tmp_path / "settings", f"sip:echo@127.0.0.1:{port}", beep)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:12] == [
        "carol example.com None None", "udp True", "accept is not allowed", "started True 0.5 None", "local True",
        "local False", "AudioStreamWillStartRecordingAudio", "AudioStreamWillStartRecording", "AudioStreamDidStartRecordingAudio",
        "AudioStreamDidStartRecording", "AudioStreamWillStopRecordingAudio", "AudioStreamWillStopRecording",
    ]  # fmt: skip
    # the media process closes the file while the call ends
    assert [line for line in lines[12:] if "Recording" not in line] == ["ended audio None True"]
    (recording,) = (tmp_path / "settings").rglob("*.wav")
    assert recording.name.endswith("-echo@127.0.0.1-outgoing.wav")


def test_a_subscription_in_the_reactor(port: int, tmp_path: Path) -> None:
    with Script(SCRIPTS / "mwi_server.py", port) as server:
        server.wait_for("listening")
        done = run_script(SCRIPTS / "mwi_client.py", tmp_path / "settings", port)
        assert (done.returncode, done.stdout, done.stderr) == (0, "application/simple-message-summary True 2\nended\n", "")
        server.wait()
    assert "eventlist" in server.lines[1]


def test_a_message_in_an_envelope(port: int) -> None:
    with Script(SCRIPTS / "message_server.py", port) as server:
        server.wait_for("listening")
        done = run_script(SCRIPTS / "message_client.py", f"sip:erin@127.0.0.1:{port}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "sent 200\n", "")
        server.wait()
    assert server.lines == ["listening", "dave hello there sip:dave@example.com 1"]


def test_what_cannot_be_run(tmp_path: Path) -> None:
    old = tmp_path / "old.py"
    old.write_text("import sys\nprint 'hello'\n")
    done = run_script(old)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{old}, line 2: Missing parentheses")
    assert "Python 2" in done.stderr
    missing = run_script(tmp_path / "none.py")
    assert (missing.returncode, missing.stderr) == (1, f"There is no script {tmp_path / 'none.py'}.\n")
    leaving = tmp_path / "leaving.py"
    leaving.write_text("import sys\nsys.exit(3)\n")
    assert run_script(leaving).returncode == 3
    asking = tmp_path / "asking.py"
    asking.write_text("from sipsimple.xcap import XCAPManager\n")
    assert "BlinkQ has no sipsimple.xcap" in run_script(asking).stderr


def test_a_script_that_forgets_to_stop_is_stopped(tmp_path: Path) -> None:
    script = tmp_path / "forgetful.py"
    script.write_text(
        "import sys\nfrom sipsimple.application import SIPApplication\nfrom sipsimple.storage import MemoryStorage\n"
        "from application.notification import NotificationCenter\n"
        "class Watcher:\n    def handle_notification(self, notification):\n        print(notification.name, sys.argv[1:])\n"
        "NotificationCenter().add_observer(Watcher(), name='SIPApplicationDidEnd')\nSIPApplication().start(MemoryStorage())\n"
    )
    done = run_script(script, "a", "b")
    assert (done.returncode, done.stdout, done.stderr) == (0, "SIPApplicationDidEnd ['a', 'b']\n", "")


def test_a_genuine_package_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = tmp_path / "path" / "application"
    genuine.mkdir(parents=True)
    (genuine / "__init__.py").write_text("name = 'the genuine one'\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'path'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    script = tmp_path / "script.py"
    script.write_text("import application\nfrom sipsimple.core import SIPURI\nprint(application.name, SIPURI.parse('sip:a@b'))\n")
    done = run_script(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the genuine one sip:a@b\n", "")


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that can be sent to one process")
def test_ctrl_c_ends_a_script_and_hangs_up(tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(
        "from threading import Event\nfrom application.notification import NotificationCenter\n"
        "from sipsimple.application import SIPApplication\nfrom sipsimple.storage import MemoryStorage\n"
        "class Watcher:\n    def handle_notification(self, notification):\n        print(notification.name, flush=True)\n"
        "watcher = Watcher()\n"
        "for name in ('SIPApplicationDidStart', 'SIPApplicationDidEnd'):\n"
        "    NotificationCenter().add_observer(watcher, name=name)\n"
        "SIPApplication().start(MemoryStorage())\n"
        "while True:\n    Event().wait(0.2)\n"  # Python hears of a signal that comes just before a wait when that is over
    )
    with Script(script) as running:
        running.wait_for("SIPApplicationDidStart")
        running.process.send_signal(signal.SIGINT)
        running.wait()
    assert "SIPApplicationDidEnd" in running.lines
