"""Pictures in chats: what may be decoded, how large, and how ours are packed.

A stranger's picture is bytes until its beginning says that it is PNG, JPEG, GIF or WebP, and its head says that it is not too large. Then
the first frame is decoded, by the decoder of just that kind. SVG, which is a program rather than a picture, is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QLoggingCategory, QSize, Qt
from PyQt6.QtGui import QImage, QImageReader

__all__ = [
    "MAX_PIXELS", "MAX_SCANS", "MAX_SENT", "MAX_SHOWN", "MAX_SIDE", "THUMBNAIL", "Picture", "PictureError", "decode", "kind_of",
    "may_be_picture", "pack", "picture_of_file", "thumbnail",
]  # fmt: skip

#: bytes of a picture that goes into the chat itself; a larger one goes as a file, which has progress and can be stopped
MAX_SENT = 2_000_000
#: bytes of a picture of the other side that we look into
MAX_SHOWN = 16_000_000
#: of one picture: the largest of usual cameras; decoded they take four bytes each
MAX_PIXELS = 26_000_000
#: neither side may be longer: lines of a million pixels pass the limit above, too
MAX_SIDE = 16_384
#: a progressive JPEG of few bytes can demand thousands of passes over the whole picture; cameras and programs make about ten
MAX_SCANS = 64
#: pixels of what stands in the chat
THUMBNAIL = QSize(640, 480)

_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp"})
#: MB that one decoding may take, whatever it finds; Qt refuses more
_ALLOCATION = MAX_PIXELS * 8 // 1_000_000


class PictureError(Exception):
    """A picture is not shown. ``too_large``: because of its size; else it cannot be read."""

    def __init__(self, *, too_large: bool) -> None:
        super().__init__("too large" if too_large else "unreadable")
        self.too_large = too_large


@dataclass(slots=True, eq=False)
class Picture:
    """A picture of a chat: ``kind`` as in ``kind_of``, ``image`` once it was decoded, ``size`` in pixels of the whole, ``trouble`` why it
    is not shown ("large", "broken" or "gone"); ``data`` None then."""

    data: bytes | None
    kind: str
    image: QImage | None = None
    size: QSize | None = None
    trouble: str = ""

    @property
    def content_type(self) -> str:
        return f"image/{self.kind}"

    @property
    def suffix(self) -> str:
        """Of a file of it."""
        return ".jpg" if self.kind == "jpeg" else f".{self.kind}"

    def drop(self, trouble: str) -> None:
        """Keep nothing of it but why."""
        self.data = self.image = None
        self.trouble = trouble

    def show(self, result: tuple[QImage, QSize] | PictureError) -> None:
        """Take what ``decode`` gave or raised."""
        if isinstance(result, PictureError):
            self.drop("large" if result.too_large else "broken")
        elif self.data is not None:
            self.image, self.size = result


def kind_of(data: bytes) -> str | None:
    """What a picture is by its first bytes, whatever anybody calls it: "png", "jpeg", "gif", "webp", or None."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), None)


def decode(data: bytes, kind: str, bounds: QSize | None = None) -> tuple[QImage, QSize]:
    """The first frame, made smaller than ``bounds`` pixels, and the size of the whole. Raises PictureError. In any thread."""
    if len(data) > MAX_SHOWN or (kind == "jpeg" and data.count(b"\xff\xda") > MAX_SCANS):
        raise PictureError(too_large=True)
    QImageReader.setAllocationLimit(_ALLOCATION)
    QLoggingCategory.setFilterRules("qt.gui.imageio*=false")  # what is wrong with a stranger's picture is no news for the terminal
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader()
    reader.setAutoDetectImageFormat(False)  # this decoder and no other
    reader.setDecideFormatFromContent(False)
    reader.setFormat(QByteArray(kind.encode()))
    reader.setDevice(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise PictureError(too_large=False)
    if size.width() > MAX_SIDE or size.height() > MAX_SIDE or size.width() * size.height() > MAX_PIXELS:
        raise PictureError(too_large=True)
    whole = size
    if bounds is not None and (size.width() > bounds.width() or size.height() > bounds.height()):
        reader.setScaledSize(size.scaled(bounds, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        raise PictureError(too_large=False)
    if (image.width() > image.height()) != (size.width() > size.height()):  # turned, as the camera was
        whole = size.transposed()
    return image, whole


def thumbnail(data: bytes, kind: str) -> tuple[QImage, QSize] | PictureError:
    """As ``decode``, for the chat; gives the error."""
    try:
        return decode(data, kind, THUMBNAIL)
    except PictureError as error:
        return error


def may_be_picture(path: Path) -> bool:
    """By its name, so that it is worth looking into."""
    return path.suffix.lower() in _SUFFIXES


def picture_of_file(path: Path) -> Picture | None:
    """The picture that a file is; None when it is none or too large for the chat, so that it is to be sent as a file. In any thread."""
    try:
        if not path.is_file() or not 0 < path.stat().st_size <= MAX_SENT:
            return None
        return _checked(path.read_bytes())
    except OSError:  # sending it as a file says why
        return None


def pack(image: QImage) -> Picture | None:
    """A picture from the clipboard for sending; None when it is too large for the chat. In any thread."""
    for kind, quality in (("png", -1), ("jpeg", 90)):
        if kind == "jpeg" and image.hasAlphaChannel():
            continue  # what is transparent would become black
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if image.save(buffer, kind.upper(), quality) and data.size() <= MAX_SENT:
            return _checked(data.data())
    return None


def _checked(data: bytes) -> Picture | None:
    """What we would not show ourselves goes as a file."""
    kind = kind_of(data)
    if kind is None:
        return None
    picture = Picture(data, kind)
    picture.show(thumbnail(data, kind))
    return picture if picture.image is not None else None
