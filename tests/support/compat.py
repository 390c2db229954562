"""Scripts under ``python -m blinkq.compat`` as subprocesses, with what they print as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

__all__ = ["EXAMPLES", "Script", "run_script"]

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

# not the keyring of whoever runs the tests
_ENVIRONMENT = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}


def _hear_interrupts() -> None:
    """Tests that run in the background of a shell ignore SIGINT, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_script(script: Path, *arguments: object, seconds: float = 90) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    words = [sys.executable, "-m", "blinkq.compat", str(script), *map(str, arguments)]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=seconds, check=False, env={**os.environ, **_ENVIRONMENT}, stdin=subprocess.DEVNULL
    )


class Script:
    """A script that runs; a context manager. ``lines`` is what it has printed."""

    def __init__(self, script: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "blinkq.compat", str(script), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, **_ENVIRONMENT}, preexec_fn=_hear_interrupts,
        )  # fmt: skip
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._read_all = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, words: str, seconds: float = 90) -> str:
        """The first line with ``words``; waits for it."""

        def found() -> str | None:
            return next((line for line in self.lines if words in line), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None or self._read_all, seconds)
            line = found()
        assert line is not None, f"{words!r} was not printed, but: {self.lines}"
        return line

    def press_return(self) -> None:
        """Type an empty line."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait(self, seconds: float = 90) -> int:
        """The exit status. Who does not end in time says where it hangs."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self._reader.join(30)
            raise AssertionError(f"the script did not end within {seconds} s: {self.lines}") from None
        self._reader.join(30)
        return status

    def __enter__(self) -> Script:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        self._reader.join(30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._read_all = True
            self._news.notify_all()
