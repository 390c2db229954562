"""The demo (``make demo``): a whole call made in the real windows with nobody at the screen, proved by what was recorded.

The echo service is called from the dial box, with keys and mouse; a file speaks instead of the microphone. Screenshots, the recording and
a report are left in ``build/demo/``. It needs neither an account nor a display, a sound device or a network.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from blinkq.app.demo_echo import EchoService
from blinkq.app.demo_speech import RATE, find_copies, read_speech
from blinkq.app.middleware import DeviceKind
from blinkq.base.clock import SystemClock
from blinkq.base.resources import resource

if TYPE_CHECKING:
    from blinkq.app.call import Call
    from blinkq.app.call_panel import CallPanel
    from blinkq.app.main import Application

__all__ = ["Demo", "DemoError", "Report", "has_display", "main"]

#: where the results go, below the current directory
RESULTS = Path("build") / "demo"
#: the digits that are sent
DIGITS = "1590*#"
#: the default limit of a wait for something to happen, in seconds
LIMIT = 15.0
#: the recording goes on for that long after the speech, in seconds: the echo comes later than the voice
ECHO_TIME = 1.5
#: above this level (dBFS) somebody speaks
SPEAKING = -55.0

_HOLD = "SIPSessionDidChangeHoldState"
#: what Qt says because the offscreen platform has neither window manager nor tray
_OFFSCREEN = ("propagateSizeHints", "systemTrayWindowChanged", "does not support raise()", "grabbing the keyboard")
#: its stubs take the class's functions for methods
_test: Any = QTest


class DemoError(Exception):
    """A step did not work; the text says how."""


class Report:
    """One line for each step; printed as it comes and kept as ``report.txt``."""

    def __init__(self, folder: Path) -> None:
        self.failures = 0
        self._file = (folder / "report.txt").open("w", encoding="utf-8")
        self._clock = SystemClock()
        self._begin = self._clock.monotonic()

    def say(self, text: str) -> None:
        print(text, flush=True)
        self._file.write(f"{text}\n")

    def passed(self, step: str, result: str = "") -> None:
        self._line("pass", step, result)

    def failed(self, step: str, reason: str) -> None:
        self.failures += 1
        self._line("FAIL", step, reason)

    def close(self) -> None:
        self._file.close()

    def _line(self, mark: str, step: str, result: str) -> None:
        self.say(f"{mark}  {self._clock.monotonic() - self._begin:5.1f} s  {step}{': ' if result else ''}{result}")


class Demo:
    """The steps of the demo in their order; ``run`` goes through them and stops at the first that fails.

    :param application: BlinkQ, shown and started
    :param echo: the service to call
    """

    def __init__(self, application: Application, echo: EchoService, report: Report, results: Path, folder: Path) -> None:
        self._application = application
        self._window = application.window
        self._echo = echo
        self._report = report
        self._results = results
        self._folder = folder
        self._recording = Path()
        self._talking = False
        self._steps: tuple[tuple[str, Callable[[], str]], ...] = (
            ("BlinkQ and the echo service start", self._start),
            ("the address is typed and Call pressed", self._call),
            ("both sides are heard", self._talk),
            ("digits are pressed on the keypad and arrive", self._press_keys),
            ("the call is put on hold", self._hold),
            ("the call is resumed", self._resume),
            ("the call is recorded", self._record),
            ("the recording contains the speech and its echo", self._check_recording),
            ("the call is hung up", self._hang_up),
        )

    def run(self) -> None:
        for number, (name, step) in enumerate(self._steps):
            try:
                self._report.passed(name, step())
            except DemoError as error:
                self._report.failed(name, str(error))
                self._shoot("failure")
                for later, _ in self._steps[number + 1 :]:
                    self._report.say(f"skip           {later}")
                return

    # the steps -------------------------------------------------------------------------------------------------------------------

    def _start(self) -> str:
        started: list[object] = []
        self._application.bridge.listen("SIPApplicationDidStart", started.append)
        if not self._application.start():
            raise DemoError("the engine did not start")
        _test.qWaitForWindowExposed(self._window)
        self._until(lambda: bool(started), "the engine did not start in time", 30)
        self._until(lambda: self._echo.listening or self._echo.failed, "the echo service did not start in time", 30)
        if self._echo.failed:
            raise DemoError(f"the echo service ended: {self._echo.complaints.strip()}")
        self._shoot("1-main-window")
        return f"echo at {self._echo.address}"

    def _call(self) -> str:
        ui = self._window.ui
        self._click(ui.dialBox)
        _test.keyClicks(ui.dialBox, f"sip:echo@{self._echo.address}")
        self._shoot("2-address")
        self._click(ui.callButton)
        if not self._application.calls.calls:
            raise DemoError(f"no call was begun: {ui.dialErrorLabel.text()}")
        call = self._current
        self._until(lambda: bool(call.codec) or call.over, "nobody answered")
        if call.over:
            raise DemoError(_why(call))
        self._talking = True
        return f"answered, {call.codec}"

    def _talk(self) -> str:
        call = self._current
        self._until(lambda: call.levels.sent > SPEAKING and call.levels.received > SPEAKING, "there is silence")
        # the meters are drawn a few times in a second
        ui = self._panel.ui
        self._until(lambda: ui.timerLabel.text() not in ("", "0:00"), "the timer of the call stands still")
        self._shoot("3-in-call")
        return f"sent {call.levels.sent:.0f} dBFS, received {call.levels.received:.0f} dBFS"

    def _press_keys(self) -> str:
        panel = self._panel
        self._click(panel.ui.keypadButton)
        self._until(panel.ui.keypad.isVisible, "the keypad did not open")
        for digit in DIGITS:
            self._click(panel.ui.keypad.keys[digit])
        self._until(lambda: self._echo.digits == DIGITS, lambda: f"of {DIGITS} there arrived '{self._echo.digits}'")
        self._shoot("4-keypad")
        self._click(panel.ui.keypadButton)
        return self._echo.digits

    def _hold(self) -> str:
        self._click(self._panel.ui.holdButton)
        self._until(lambda: self._current.held_here, "the call was not held")
        self._until(lambda: self._echo.heard(_HOLD, originator="remote", on_hold=True) == 1, "the other side did not notice")
        self._shoot("5-held")
        return "noticed by the other side"

    def _resume(self) -> str:
        call = self._current
        self._click(self._panel.ui.holdButton)
        self._until(lambda: not call.held_here, "the call stayed on hold")
        self._until(lambda: self._echo.heard(_HOLD, originator="remote", on_hold=False) == 1, "the other side did not notice")
        # it greets first; from then on it says back what it hears
        self._until(lambda: self._echo.heard("WavePlayerDidEnd") == 1, "the echo service did not end its greeting", 30)
        return "noticed by the other side"

    def _record(self) -> str:
        call, button = self._current, self._panel.ui.recordButton
        self._click(button)
        self._until(lambda: call.recording is not None, "the recording did not begin")
        self._recording = Path(call.recording or "")
        self._application.middleware.set_device(DeviceKind.INPUT, f"file:{_speech_file(self._folder, 'again')}")
        self._until(lambda: call.levels.sent > SPEAKING, "the speech did not begin")
        begin, length = call.duration, len(read_speech(_speech())) / RATE + ECHO_TIME
        self._until(lambda: call.levels.received > SPEAKING, "no echo came back")
        self._shoot("6-recording")
        self._until(lambda: call.duration >= begin + length or call.over, "the timer of the call stands still", length + LIMIT)
        self._click(button)
        self._until(lambda: call.recording is None, "the recording did not stop")
        shutil.copyfile(self._recording, self._results / "recording.wav")
        return f"{self._results / 'recording.wav'}, {call.duration - begin:.1f} s"

    def _check_recording(self) -> str:
        copies = find_copies(read_speech(_speech()), read_speech(self._recording))
        if not copies:
            raise DemoError("the speech is not in it")
        if len(copies) < 2:
            raise DemoError(f"the own voice is in it (score {copies[0].score:.2f}), but no echo")
        own, echo = sorted(copies, key=lambda copy: copy.start)
        return f"own voice score {own.score:.2f}, echo score {echo.score:.2f}, {1000 * (echo.start - own.start):.0f} ms later"

    def _hang_up(self) -> str:
        call = self._current
        self._talking = False
        self._click(self._panel.ui.hangUpButton)
        self._until(lambda: call.over, "the call did not end")
        self._until(lambda: self._echo.heard("SIPSessionDidEnd") == 1, "the other side did not notice")
        self._shoot("7-ended")
        return f"after {call.duration:.0f} s"

    # tools -----------------------------------------------------------------------------------------------------------------------

    @property
    def _current(self) -> Call:
        return self._application.calls.calls[0]

    @property
    def _panel(self) -> CallPanel:
        return self._window.panels[id(self._current)]

    def _click(self, widget: QWidget) -> None:
        """Press the mouse button on ``widget``, which must be there and visible, as for a person."""
        self._until(lambda: widget.isEnabled() and not widget.visibleRegion().isEmpty(), f"'{widget.accessibleName()}' cannot be clicked")
        _test.mouseClick(widget, Qt.MouseButton.LeftButton)

    def _shoot(self, name: str) -> None:
        QApplication.processEvents()
        self._window.grab().save(str(self._results / f"{name}.png"))

    def _until(self, happened: Callable[[], bool], otherwise: str | Callable[[], str], seconds: float = LIMIT) -> None:
        """Let the windows work until ``happened``. Raises DemoError with ``otherwise``, or when the call ends meanwhile."""

        def over() -> bool:
            return self._talking and self._current.over

        if not _wait(lambda: over() or happened(), seconds):
            raise DemoError(otherwise if isinstance(otherwise, str) else otherwise())
        if over():
            raise DemoError(f"the call is over: {_why(self._current)}")


def _wait(happened: Callable[[], bool], seconds: float) -> bool:
    """Let the windows work until ``happened``, for at most ``seconds``; returns whether it did."""
    limit = QTimer()
    limit.setSingleShot(True)
    limit.start(round(seconds * 1000))
    while not happened():
        if not limit.isActive():
            return False
        _test.qWait(10)
    return True


def _why(call: Call) -> str:
    return call.explanation.text() if call.explanation is not None else call.notice or call.outcome


def has_display() -> bool:
    """Whether windows can be seen."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns 0 when every step passed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="demo", description="Makes a whole call with nobody at the screen.")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR", help="where screenshots, recording and report go")
    results: Path = parser.parse_args(arguments).output
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    if not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # nobody is there to unlock the desktop's keyring, and there is no password to keep
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    report = Report(results)
    try:
        with tempfile.TemporaryDirectory(prefix="blinkq-demo-") as folder:
            _run(report, results, Path(folder))
    finally:
        report.close()
    return 1 if report.failures else 0


def _run(report: Report, results: Path, folder: Path) -> None:
    qInstallMessageHandler(_qt_message)
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qt, QApplication)
    qt.setApplicationName("BlinkQ")
    qt.setQuitOnLastWindowClosed(False)
    report.say(f"BlinkQ calls its echo service from the real windows ({qt.platformName()}); nobody needs to do anything.")
    _prepare_settings(folder)
    echo = EchoService(folder / "echo")
    try:
        with _application(qt, folder / "config", report) as application:
            Demo(application, echo, report, results, folder).run()
    finally:
        echo.close()
    report.say(f"{'Something failed' if report.failures else 'Everything worked'}. Screenshots, recording and this report are in {results}")


@contextmanager
def _application(qt: QApplication, config_dir: Path, report: Report) -> Iterator[Application]:
    """BlinkQ with its windows shown; ended in order afterwards."""
    from blinkq.app.main import END_TIMEOUT, Application  # after the environment is set: the keyring is chosen when it is imported
    from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware

    def unexpected(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        report.failed("nothing unexpected happens", f"{kind.__name__}: {value}")
        sys.__excepthook__(kind, value, trace)

    application = Application(qt, SIPSimpleMiddleware(config_dir), config_dir)
    application.bridge.on_handler_error = lambda notification, error: unexpected(type(error), error, error.__traceback__)
    sys.excepthook = unexpected
    try:
        application.show()
        yield application
        ended: list[object] = []
        application.bridge.listen("SIPApplicationDidEnd", ended.append)
        application.quit()
        application.middleware.stop()
        if not _wait(lambda: bool(ended), END_TIMEOUT):
            report.failed("BlinkQ ends", "the engine did not end in time")
    finally:
        sys.excepthook = sys.__excepthook__
        application.close()


def _qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
    if kind is not QtMsgType.QtDebugMsg and not any(known in (text or "") for known in _OFFSCREEN):
        print(text, file=sys.stderr)


def _prepare_settings(folder: Path) -> None:
    """Settings of the demo alone: this computer, no sound device, a file as the microphone."""
    import blinkq.sipsimple.notifications  # noqa: F401  # declares what the configuration posts
    from blinkq.sipsimple.configuration import ConfigurationManager
    from blinkq.sipsimple.configuration.backend.file import FileBackend
    from blinkq.sipsimple.configuration.datatypes import IPAddress
    from blinkq.sipsimple.configuration.datatypes import Path as SettingPath
    from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

    (folder / "config").mkdir(mode=0o700)
    manager = ConfigurationManager()
    manager.start(FileBackend(folder / "config" / "config"))
    settings = SIPSimpleSettings()
    settings.sip.local_ip = IPAddress("127.0.0.1")
    settings.audio.input_device = f"file:{_speech_file(folder, 'first')}"
    settings.audio.output_device = None
    settings.audio.alert_device = None
    settings.audio.directory = SettingPath(str(folder / "recordings"))
    settings.save()
    manager.stop()


def _speech() -> Path:
    return resource("sounds", "demo_speech.wav")


def _speech_file(folder: Path, name: str) -> Path:
    """A copy of the speech: another name is another device, which begins to speak anew."""
    path = folder / f"{name}.wav"
    shutil.copyfile(_speech(), path)
    return path


if __name__ == "__main__":
    sys.exit(main())
