"""A screen shared by one BlinkQ process with another one, which waits there for a VNC viewer: real programs, and MSRP between."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from support.lab import BlinkQ
from support.ports import free_port

__all__ = ["SharedScreen"]

KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


class SharedScreen:
    """A context manager. port: where on 127.0.0.1 a viewer is awaited, one, once; viewing, sharing: the two processes.

    :param display: such as ":12"
    :param options: further options of ``blinkq share-desktop``
    """

    def __init__(self, display: str, directory: Path, *options: str) -> None:
        self._display = display
        self._directory = directory
        self._options = options
        self._stack = ExitStack()

    def __enter__(self) -> SharedScreen:
        with ExitStack() as stack:
            sip_port = free_port()
            command = ["answer", "--listen", f"127.0.0.1:{sip_port}", "--accept", "desktop-sharing", "--audio", "null", "--count", "1"]
            self.viewing = stack.enter_context(BlinkQ(*command, "--config-dir", str(self._directory / "a"), environment=KEYRING))
            self.viewing.wait_for("SIPApplicationDidStart")
            command = ["share-desktop", f"sip:bob@127.0.0.1:{sip_port}", *self._options, "--config-dir", str(self._directory / "b")]
            self.sharing = stack.enter_context(BlinkQ(*command, environment={**KEYRING, "DISPLAY": self._display}))
            self.sharing.wait_for("SIPSessionDidStart")
            self.viewing.wait_for_text("localhost port ")
            self.port = int(self.viewing.text.rpartition("localhost port ")[2])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
