"""The viewer: a core that reads a server's bytes into a picture and writes keys, pointer and clipboard (RFC 6143)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator

from blinkq.base.errors import IllegalStateError
from blinkq.rfb.authentication import CHALLENGE_SIZE, answer_challenge
from blinkq.rfb.clipboard import CLIENT, SMALL_ANSWER, ClipboardEnd
from blinkq.rfb.encodings import VIEWER_ENCODINGS, Encoding
from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer
from blinkq.rfb.jpeg import decode_jpeg
from blinkq.rfb.limits import MAX_NAME
from blinkq.rfb.messages import Bell, ClipboardReceived, Connected, Failed, PasswordWanted, Resized, Transmit, Updated
from blinkq.rfb.pixel_format import OURS, PixelFormat
from blinkq.rfb.stream import Script, StreamReader
from blinkq.rfb.updates import UpdateReader

__all__ = ["ViewerCore"]

_NONE, _VNC = 1, 2


class ViewerCore:
    """Feed it with ``receive_data``; ``screen`` is the picture once ``Connected`` came.

    encodings: what is asked for, best first; quality: 0 (small) to 9 (good) for JPEG, None for lossless pictures; shared: other viewers
    may stay. An update is asked for as soon as the last one is complete, unless ``pause`` was called.
    """

    def __init__(
        self, *, encodings: tuple[int, ...] = VIEWER_ENCODINGS, quality: int | None = None, compression: int = 2, shared: bool = True
    ) -> None:
        self.screen: Framebuffer | None = None
        self.name = ""
        self.encodings = encodings
        self.quality = quality
        self.compression = compression
        self._shared = shared
        self._outputs: list[object] = []
        self._challenge: bytes | None = None
        self._failed = False
        self._connected = False
        self._paused = False
        self._asked = False
        self._resizable = False
        self._screens: tuple[bytes, ...] = ()
        self._continuous = False
        self._fences = False
        self._view_only = False
        self._updates: UpdateReader | None = None
        self._clipboard = ClipboardEnd(CLIENT)
        self._answered = False  # with a text since the last bytes came: one burst of requests gets one answer
        self._reader = StreamReader(self._run())

    # commands ------------------------------------------------------------------------------------------------------------------------

    @property
    def resizable(self) -> bool:
        """Whether the server lets us ask for another size of the screen."""
        return self._resizable

    @property
    def view_only(self) -> bool:
        """True: keys, pointer and clipboard neither go there nor come from there."""
        return self._view_only

    @view_only.setter
    def view_only(self, view_only: bool) -> None:
        self._view_only = view_only
        self._clipboard.forget()

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the server. Never raises."""
        if self._failed:
            return
        self._answered = False
        if self._updates is not None:
            self._updates.begin_burst()
        try:
            self._reader.feed(data)
        except RFBError as error:
            self._fail(str(error))
        except StopIteration:
            self._fail("the server ended the connection")

    def closed(self, reason: str, now: float) -> None:
        """The connection is gone. Idempotent."""
        self._fail(reason)

    def password(self, password: str, now: float) -> None:
        """Answer ``PasswordWanted``. Raises IllegalStateError when none is wanted."""
        if self._challenge is None:
            raise IllegalStateError("no password is wanted now")
        self._send(answer_challenge(self._challenge, password))
        self._challenge = None

    def key(self, keysym: int, pressed: bool, now: float) -> None:
        """Press or release a key. keysym: X11's number."""
        if self._connected and not self._view_only:
            self._send(struct.pack(">BB2xI", 4, pressed, keysym & 0xFFFFFFFF))

    def pointer(self, x: int, y: int, buttons: int, now: float) -> None:
        """Move the pointer, with these buttons down (see PointerReceived)."""
        if self._connected and not self._view_only and self.screen is not None:
            x, y = max(0, min(x, self.screen.width - 1)), max(0, min(y, self.screen.height - 1))
            self._send(struct.pack(">BBHH", 5, buttons & 255, x, y))

    def cut_text(self, text: str, now: float) -> None:
        """Our clipboard has this text now."""
        if self._connected and not self._view_only:
            self._send(self._clipboard.offer(text))

    def resize(self, width: int, height: int, now: float) -> None:
        """Ask for a screen of another size, where the server lets us (``resizable``)."""
        if self._resizable and self._connected:
            identity = self._screens[0][:4] if self._screens else bytes(4)
            screen = identity + struct.pack(">HHHHI", 0, 0, width, height, 0)
            self._send(struct.pack(">BxHHBx", 251, width, height, 1) + screen)

    def pause(self, paused: bool, now: float) -> None:
        """True: ask for no more pictures (a hidden window); False: go on."""
        if self._continuous and paused != self._paused:
            self._continue(not paused)
        self._paused = paused
        if not paused and not self._asked:
            self._ask(incremental=False)

    def refresh(self, now: float) -> None:
        """Ask for the whole picture anew."""
        if self._connected:
            self._ask(incremental=False)

    def set_quality(self, quality: int | None, now: float) -> None:
        """Other pictures from now on: 0 to 9 with JPEG, None lossless."""
        self.quality = quality
        if self._connected:
            self._send_encodings()

    def tick(self, now: float) -> None:
        """Nothing here waits for a time."""

    def deadline(self) -> float | None:
        return None

    def drain(self) -> list[object]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # the conversation ----------------------------------------------------------------------------------------------------------------

    def _run(self) -> Script:
        version = yield from self._handshake()
        self._send(b"\x01" if self._shared else b"\x00")
        width, height, format_data, size = struct.unpack(">HH16sI", (yield 24))
        if size > MAX_NAME:
            raise RFBError("the desktop's name is too long")
        self.name = (yield size).decode("utf-8", "replace")
        PixelFormat.parse(format_data)
        self.screen = Framebuffer(width, height)
        self._send(struct.pack(">B3x16s", 0, OURS.to_bytes()))
        self._send_encodings()
        self._connected = True
        self._outputs.append(Connected(width, height, self.name))
        self._ask(incremental=False)
        self._updates = updates = UpdateReader(self.screen, decode_jpeg)
        handlers: dict[int, Callable[[], Script]] = {
            0: lambda: self._update(updates), 1: self._colours, 2: self._bell, 3: self._text, 150: self._end_of_continuous, 248: self._fence
        }
        while True:
            kind = (yield 1)[0]
            handler = handlers.get(kind)
            if handler is None:
                raise RFBError(f"a message of kind {kind} (RFB {version})")
            yield from handler()

    def _handshake(self) -> Generator[int, bytes, str]:
        greeting = yield 12
        if not (greeting.startswith(b"RFB ") and greeting[7:8] == b"." and greeting[11:] == b"\n"):
            raise RFBError("not a desktop: what is there does not speak RFB")
        try:
            offered = int(greeting[4:7]), int(greeting[8:11])
        except ValueError:
            raise RFBError("not a desktop: what is there does not speak RFB") from None
        version = (3, 8) if offered >= (3, 8) else (3, 7) if offered >= (3, 7) else (3, 3)
        self._send(b"RFB %03d.%03d\n" % version)
        if version == (3, 3):
            (kind,) = struct.unpack(">I", (yield 4))
        else:
            count = (yield 1)[0]
            kinds = (yield count) if count else b"\0"
            kind = next((wanted for wanted in (_NONE, _VNC) if wanted in kinds), -1 if count else 0)
            if kind > 0:
                self._send(bytes([kind]))
        if kind == 0:
            raise RFBError(f"the desktop refuses: {(yield from self._reason())}")
        if kind not in (_NONE, _VNC):
            raise RFBError("the desktop wants a way of signing in that is not known here")
        if kind == _VNC:
            self._challenge = yield CHALLENGE_SIZE
            self._outputs.append(PasswordWanted())
        if kind == _VNC or version == (3, 8):
            (result,) = struct.unpack(">I", (yield 4))
            if result:
                reason = (yield from self._reason()) if version == (3, 8) else "the password is wrong"
                raise RFBError(f"the desktop refuses: {reason}")
        return f"{version[0]}.{version[1]}"

    def _reason(self) -> Generator[int, bytes, str]:
        (size,) = struct.unpack(">I", (yield 4))
        if size > MAX_NAME:
            raise RFBError("a reason that is too long")
        return (yield size).decode("utf-8", "replace")

    def _update(self, updates: UpdateReader) -> Script:
        yield from updates.read()
        assert self.screen is not None
        self._asked = False
        if updates.screens is not None:
            self._resizable, self._screens = True, updates.screens
        if updates.name is not None:
            self.name = updates.name
        resized = updates.screen is not self.screen
        if resized:
            self.screen = updates.screen
            self._outputs.append(Resized(self.screen.width, self.screen.height))
            if self._continuous and not self._paused:
                self._continue(True)  # of all of the new screen
        if updates.areas:
            self._outputs.append(Updated(tuple(updates.areas)))
        if updates.cursor is not None:
            self._outputs.append(updates.cursor)
        if not self._paused:
            self._ask(incremental=not resized)

    def _colours(self) -> Script:
        _first, count = struct.unpack(">xHH", (yield 5))
        for _ in range(count):
            yield 6  # we asked for true colours: a map changes nothing

    def _bell(self) -> Script:
        self._outputs.append(Bell())
        yield from ()

    def _text(self) -> Script:
        answer = yield from self._clipboard.read(not self._view_only, not self._answered)
        if answer:
            self._answered = self._answered or len(answer) > SMALL_ANSWER
            self._send(answer)
        text = self._clipboard.take()
        if text is not None:
            self._outputs.append(ClipboardReceived(text))

    def _end_of_continuous(self) -> Script:
        """The server knows continuous updates: it sends pictures unasked from now on."""
        if not self._continuous:
            self._continuous = True
            self._continue(not self._paused)
        yield from ()

    def _fence(self) -> Script:
        flags, size = struct.unpack(">3xIB", (yield 8))
        if size > 64:
            raise RFBError("a fence that is too long")
        data = yield size
        if flags & (1 << 31):  # answered in order, as everything is here
            self._send(struct.pack(">B3xIB", 248, flags & 7, size) + data)

    # sending -------------------------------------------------------------------------------------------------------------------------

    def _send_encodings(self) -> None:
        wanted = [int(encoding) for encoding in self.encodings]
        if self.quality is not None:
            wanted.append(Encoding.JPEG_QUALITY_0 + max(0, min(9, self.quality)))
        wanted.append(Encoding.COMPRESSION_0 + max(0, min(9, self.compression)))
        self._send(struct.pack(f">BxH{len(wanted)}i", 2, len(wanted), *wanted))

    def _continue(self, wanted: bool) -> None:
        if self.screen is not None:
            self._send(struct.pack(">BBHHHH", 150, wanted, 0, 0, self.screen.width, self.screen.height))

    def _ask(self, *, incremental: bool) -> None:
        if self._connected and self.screen is not None and (not self._continuous or not incremental):
            self._asked = True
            self._send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.screen.width, self.screen.height))

    def _send(self, data: bytes) -> None:
        self._outputs.append(Transmit(data))

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._connected = False
            self._outputs.append(Failed(reason))
