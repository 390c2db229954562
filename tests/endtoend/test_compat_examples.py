"""The example scripts of the manual, run under compat, with ``blinkq`` in the terminal as the other party."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.compat import EXAMPLES, Script, run_script
from support.lab import BlinkQ
from support.ports import free_port
from support.tones import goertzel, sine
from support.voice import write_wav


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def beep(tmp_path: Path) -> Path:
    """One second of tone."""
    return write_wav(tmp_path / "beep.wav", sine(440, 1.0, 16000), 16000)


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    return ["--config-dir", str(tmp_path / "config")]


@pytest.fixture
def echo_service(port: int, tmp_path: Path) -> Iterator[BlinkQ]:
    environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with BlinkQ("echo", "--listen", f"127.0.0.1:{port}", "--config-dir", str(tmp_path / "echo"), environment=environment) as service:
        service.wait_for("SIPApplicationDidStart")
        yield service


def loudness(path: Path, frequency: float) -> float:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return goertzel(samples, frequency, file.getframerate())


def test_the_specifications_example_calls_and_hangs_up(echo_service: BlinkQ, port: int, tmp_path: Path) -> None:
    directory = tmp_path / "settings"
    made = run_script(EXAMPLES / "make_account.py", directory, "alice@example.com", "secret")
    assert (made.returncode, made.stdout, made.stderr) == (0, "alice@example.com calls from now on\n", "")
    assert "secret" not in (directory / "config").read_text()
    with Script(EXAMPLES / "simple_call.py", directory, "sip:echo@example.com", f"127.0.0.1:{port}") as call:
        call.wait_for("Session started!")
        echo_service.wait_for("SIPSessionDidStart")  # or it would be told that the call was cancelled
        call.press_return()
        assert call.wait() == 0, call.lines
    # whether it rings is the service's affair: it answers at once
    said = [line for line in call.lines if line != "Ringing!"]
    assert said == ["Placing call, press enter to quit program", "Session started!", "Session ended"]
    assert echo_service.wait_for("SIPSessionDidEnd")["originator"] == "remote"


def test_the_wave_player_plays(tmp_path: Path, beep: Path) -> None:
    heard = tmp_path / "heard.wav"
    done = run_script(EXAMPLES / "wave_player.py", beep, f"file:{heard}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "played\n", "")
    assert loudness(heard, 440) > -30
    missing = run_script(EXAMPLES / "wave_player.py", tmp_path / "none.wav", f"file:{heard}")
    assert missing.returncode == 0
    assert "does not exist" in missing.stdout


def test_the_echo_says_what_it_hears(port: int, tmp_path: Path, beep: Path, config: list[str]) -> None:
    heard = tmp_path / "heard.wav"
    with Script(EXAMPLES / "echo.py", port) as service:
        service.wait_for("waiting for calls")
        words = ["--audio", "null", "--play", str(beep), "--record", str(heard), "--dtmf", "5", "--duration", "3"]
        with BlinkQ("call", f"sip:echo@127.0.0.1:{port}", *config, *words) as call:
            assert call.wait() == 0, call.text
        service.wait_for("the call lasted")
        service.press_return()
        assert service.wait() == 0
    assert any("in a call with sip:" in line for line in service.lines)
    assert "key 5" in service.lines
    assert loudness(heard, 440) > -40


def test_the_announcer_tells_each_caller_and_hangs_up(port: int, tmp_path: Path, beep: Path, config: list[str]) -> None:
    heard = tmp_path / "heard.wav"
    with Script(EXAMPLES / "announcer.py", port, beep, 1) as service:
        service.wait_for("waiting for calls")
        with BlinkQ("call", f"sip:announcer@127.0.0.1:{port}", *config, "--audio", "null", "--record", str(heard)) as call:
            assert call.wait() == 0, call.text
        assert call.wait_for("SIPSessionDidEnd")["originator"] == "remote"
        assert service.wait() == 0
    assert service.lines[-1].startswith("told sip:")
    assert loudness(heard, 440) > -40


CHATTER = """
import sys
from threading import Event
from application.notification import NotificationCenter
from sipsimple.account import Account
from sipsimple.application import SIPApplication
from sipsimple.core import SIPURI, ToHeader
from sipsimple.lookup import DNSLookup
from sipsimple.session import Session
from sipsimple.storage import MemoryStorage
from sipsimple.streams import MediaStreamRegistry
from sipsimple.threading.green import run_in_green_thread

class Chatter(SIPApplication):
    def __init__(self):
        SIPApplication.__init__(self)
        self.ended = Event()
        NotificationCenter().add_observer(self)

    @run_in_green_thread
    def _NH_SIPApplicationDidStart(self, notification):
        account = Account('eve@localhost')
        account.registration.enabled = False
        account.msrp.transport = 'tcp'
        account.enabled = True
        account.save()
        uri = SIPURI.parse(sys.argv[1])
        result = DNSLookup().lookup_sip_proxy(uri, ['udp']).wait()
        self.session = Session(account)
        self.session.connect(ToHeader(uri), routes=result, streams=[MediaStreamRegistry.ChatStream()])

    def _NH_SIPSessionDidStart(self, notification):
        notification.data.streams[0].send_message('hello')

    def _NH_ChatStreamGotMessage(self, notification):
        print(notification.data.message.content, notification.data.content_type)
        self.session.end()

    def _NH_SIPSessionDidFail(self, notification):
        print('failed', notification.data.code, notification.data.failure_reason)
        self.stop()

    def _NH_SIPSessionDidEnd(self, notification):
        print(notification.sender.streams[0].type, 'ended')
        self.stop()

    def _NH_SIPApplicationDidEnd(self, notification):
        self.ended.set()

application = Chatter()
application.start(MemoryStorage())
application.ended.wait()
"""


def test_the_chat_bot_answers(port: int, tmp_path: Path) -> None:
    chatter = tmp_path / "chatter.py"
    chatter.write_text(CHATTER)
    with Script(EXAMPLES / "chat_bot.py", port, 1) as bot:
        bot.wait_for("waiting for chats")
        done = run_script(chatter, f"sip:bot@127.0.0.1:{port}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "You said: hello text/plain\nchat ended\n", "")
        assert bot.wait() == 0
    assert "eve: hello" in bot.lines


SERVER = """
import sys
from application.notification import NotificationCenter
from sipsimple.core import Engine, Header
from sipsimple.payloads.pidf import PIDF
from threading import Event

class Server:
    def __init__(self):
        self.ended = Event()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification):
        if notification.name == 'SIPIncomingRequestGotRequest':
            data = notification.data
            if data.body:
                pidf = PIDF.parse(data.body)
                notes = [str(note) for person in list(pidf)[1:] for note in person.notes]
                print(data.headers['Event'].event, pidf.entity, notes, flush=True)
                notification.sender.answer(200, extra_headers=[Header('SIP-ETag', 'one'), Header('Expires', '60')])
            else:
                print('Expires', data.headers['Expires'], data.headers['SIP-If-Match'].body, flush=True)
                notification.sender.answer(200, extra_headers=[Header('SIP-ETag', 'two'), Header('Expires', '0')])
                self.ended.set()

server = Server()
Engine().start(ip_address='127.0.0.1', udp_port=int(sys.argv[1]), incoming_requests=['PUBLISH'])
print('listening', flush=True)
server.ended.wait()
"""


def test_the_presence_publisher_publishes_and_takes_back(port: int, tmp_path: Path) -> None:
    directory, script = tmp_path / "settings", tmp_path / "server.py"
    script.write_text(SERVER)
    assert run_script(EXAMPLES / "make_account.py", directory, "alice@example.com", "secret").returncode == 0
    with Script(script, port) as server:
        server.wait_for("listening")
        with Script(EXAMPLES / "presence_publisher.py", directory, f"127.0.0.1:{port}", "at work") as publisher:
            publisher.wait_for("published for 60 s")
            publisher.press_return()
            assert publisher.wait() == 0, publisher.lines
        assert publisher.lines[-1] == "taken back"
        server.wait()
    assert server.lines == ["listening", "presence sip:alice@example.com ['at work']", "Expires 0 one"]
