"""Pictures in chats: sent and shown, large ones as files, hostile ones not at all, and looked at in a window of their own."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QSize, QUrl
from PyQt6.QtGui import QColor, QGuiApplication, QImage
from support.conversation import Conversation

from blinkq.app.chat import MAX_PICTURES
from blinkq.app.chat_entries import EntryKind, Mark
from blinkq.app.picture import MAX_SCANS, MAX_SENT, MAX_SIDE, PictureError, decode, kind_of, pack, picture_of_file
from blinkq.app.picture_window import PictureWindow


def drawn(width: int = 800, height: int = 400, colour: str = "#2a7ad1") -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def packed(image: QImage, kind: str = "png") -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)
    return data.data()


def noise(width: int, height: int) -> QImage:
    """What does not get smaller."""
    return QImage(os.urandom(width * height * 4), width, height, QImage.Format.Format_ARGB32).copy()


def png_that_claims(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


# the decoder ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_is_made_small_for_the_chat(kind: str) -> None:
    data = packed(drawn(2000, 1000), kind)
    assert kind_of(data) == kind
    image, size = decode(data, kind, QSize(640, 480))
    assert (image.size(), size) == (QSize(640, 320), QSize(2000, 1000))
    assert abs(image.pixelColor(300, 100).blue() - 0xD1) < 8
    assert decode(data, kind)[0].size() == QSize(2000, 1000)


def test_the_first_frame_of_a_gif() -> None:
    head = b"!\xf9\x04\x00\x0a\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02"
    frames = b"".join(head + code + b"\x00" for code in (b"\x44\x01", b"\x4c\x01"))
    data = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\xff" + frames + b";"
    assert kind_of(data) == "gif"
    image, size = decode(data, "gif")
    assert size == QSize(1, 1)
    assert image.pixelColor(0, 0) == QColor(255, 0, 0)


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (MAX_SIDE + 1, 10), (6000, 6000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_claims_to_be_huge_is_not_decoded(width: int, height: int) -> None:
    with pytest.raises(PictureError):
        decode(png_that_claims(width, height), "png")


def test_other_bombs() -> None:
    frame = b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00;"
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + frame
    with pytest.raises(PictureError) as error:
        decode(gif, "gif")
    assert error.value.too_large
    jpeg = packed(drawn(), "jpeg")
    with pytest.raises(PictureError) as error:
        decode(jpeg[:-2] + b"\xff\xda\x00\x02" * (MAX_SCANS + 1) + jpeg[-2:], "jpeg")
    assert error.value.too_large
    for cut in (9, 30, 60):
        with pytest.raises(PictureError):
            decode(packed(drawn())[:cut], "png")


@pytest.mark.parametrize("data", [b"<svg/>", b"<?xml version='1.0'?><svg/>", b"BM" + bytes(60), b"", b"RIFF"])
def test_what_is_no_picture_for_us(data: bytes) -> None:
    assert kind_of(data) is None


def test_random_ends_of_pictures_raise_nothing_else() -> None:
    for kind in ("png", "jpeg", "webp"):
        good = packed(drawn(60, 40), kind)
        for position in range(12, len(good), 7):
            damaged = good[:position] + b"\xff\x00\x80" + good[position + 3 :]
            try:
                image, _size = decode(damaged, kind, QSize(64, 64))
            except PictureError:
                continue
            assert image.width() <= 64


def test_what_goes_into_the_chat_and_what_goes_as_a_file(tmp_path: Path) -> None:
    small, large, fake = tmp_path / "small.PNG", tmp_path / "large.png", tmp_path / "fake.png"
    small.write_bytes(packed(drawn()))
    large.write_bytes(packed(noise(1200, 1200)))
    fake.write_bytes(b"<svg/>")
    picture = picture_of_file(small)
    assert picture is not None
    assert picture.data == small.read_bytes()
    assert large.stat().st_size > MAX_SENT
    assert [picture_of_file(path) for path in (large, fake, tmp_path, tmp_path / "missing.png")] == [None] * 4
    photo = pack(noise(1000, 1000).convertToFormat(QImage.Format.Format_RGB32))
    assert photo is not None
    assert photo.kind == "jpeg"
    assert pack(noise(1000, 1000)) is None  # see-through, so that JPEG is no way out


# in the chat ------------------------------------------------------------------------------------------------------------------------


def shown(talk: Conversation, count: int = 1) -> None:
    """Wait until the chat's pictures are decoded."""
    talk.person.qtbot.waitUntil(lambda: len(talk.chat.entries) >= count)
    pictures = [entry.picture for entry in talk.chat.entries if entry.picture is not None]
    talk.person.qtbot.waitUntil(lambda: all(p.image is not None or p.trouble for p in pictures))
    talk.person.settle()


def inline(talk: Conversation) -> list[tuple[str, float, float]]:
    """The pictures in the text: name, width and height."""
    found = []
    document = talk.page.ui.view.document()
    assert document is not None
    block = document.begin()
    while block.isValid():
        place = block.begin()
        while not place.atEnd():
            shape = place.fragment().charFormat()
            if shape.isImageFormat():
                picture = shape.toImageFormat()
                found.append((picture.name(), picture.width(), picture.height()))
            place += 1
        block = block.next()
    return found


def test_a_picture_that_is_pasted_is_sent_and_shown(open_talk: Conversation) -> None:
    data = QMimeData()
    data.setImageData(drawn(1000, 500))
    open_talk.page.ui.messageEdit.insertFromMimeData(data)
    shown(open_talk)
    (content,), (kind,) = open_talk.stream.written.values(), open_talk.stream.types.values()
    assert isinstance(content, bytes)
    assert (kind, kind_of(content)) == ("image/png", "png")
    open_talk.stream.delivers("m1")
    open_talk.person.settle()
    assert "1000 × 500 · " in open_talk.text
    assert "✓ delivered" in open_talk.text
    ((name, width, height),) = inline(open_talk)
    assert name == "blinkq-picture:0"
    assert width == 2 * height
    view = open_talk.page.ui.view
    before, window = width, open_talk.person.application.messages.chat_window
    window.resize(400, 500)
    open_talk.person.settle()
    ((_name, width, _height),) = inline(open_talk)
    viewport = view.viewport()
    assert viewport is not None
    assert width < before
    assert width <= viewport.width()
    view.redraw()
    assert len(inline(open_talk)) == 1


def test_a_picture_file_that_is_dropped_goes_into_the_chat_and_a_large_one_as_a_file(open_talk: Conversation, tmp_path: Path) -> None:
    small, large = tmp_path / "cat.jpg", tmp_path / "noise.png"
    small.write_bytes(packed(drawn(), "jpeg"))
    large.write_bytes(packed(noise(1200, 1200)))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(small)), QUrl.fromLocalFile(str(large))])
    assert open_talk.page.take(data)
    shown(open_talk, 2)
    assert list(open_talk.stream.written.values()) == [small.read_bytes()]
    assert open_talk.stream.types == {"m1": "image/jpeg"}
    assert [file.file_selector.name for file in open_talk.person.middleware.media.files] == [str(large)]
    assert [entry.kind for entry in open_talk.chat.entries] == [EntryKind.OWN, EntryKind.FILE]


def test_a_pasted_picture_that_is_too_large_goes_as_a_file(open_talk: Conversation) -> None:
    data = QMimeData()
    data.setImageData(noise(1000, 1000))
    assert open_talk.page.take(data)
    shown(open_talk)
    (file,) = open_talk.person.middleware.media.files
    name = str(file.file_selector.name)
    assert QImage(name).size() == QSize(1000, 1000)
    open_talk.person.application.messages.chats.close_chat(open_talk.chat)
    assert not Path(name).exists()


def test_a_picture_that_the_other_side_does_not_take_goes_as_a_file(open_talk: Conversation) -> None:
    data = QMimeData()
    data.setImageData(drawn())
    open_talk.page.take(data)
    shown(open_talk)
    open_talk.stream.refuses("m1", 0, "the other party does not take image/png")
    open_talk.person.settle()
    assert open_talk.marks() == [Mark.FAILED]
    assert "Send as a file" in open_talk.text
    open_talk.follow("file")
    (file,) = open_talk.person.middleware.media.files
    assert Path(str(file.file_selector.name)).read_bytes() == next(iter(open_talk.stream.written.values()))


def test_a_picture_that_comes_is_shown_and_opened_and_saved(
    open_talk: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(drawn(1200, 900), "jpeg")
    told: list[str] = []
    open_talk.person.application.messages.tell = lambda _title, text: told.append(text)
    monkeypatch.setattr(type(open_talk.person.application.messages.chat_window), "isActiveWindow", lambda _self: False)
    open_talk.stream.says(data, "image/png; name=x")  # what it is called is not asked
    shown(open_talk)
    assert told == ["has sent a picture"]
    assert len(inline(open_talk)) == 1
    open_talk.follow("picture")
    (window,) = open_talk.page.window().findChildren(PictureWindow)
    open_talk.person.qtbot.waitUntil(lambda: not window.image.isNull())
    assert window.image.size() == QSize(1200, 900)
    assert "1200 × 900" in window.about.text()
    assert window.label.pixmap().width() < 1200
    window.fit_box.setChecked(False)
    assert window.label.pixmap().width() == 1200
    open_talk.person.click(window.copy_button)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.image().size() == QSize(1200, 900)
    target = tmp_path / "kept"
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName", lambda *_arguments: (str(target), ""))
    open_talk.person.click(window.save_button)
    assert target.with_suffix(".jpg").read_bytes() == data
    window.close()
    assert window.image.isNull()
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName", lambda *_arguments: (str(tmp_path / "no" / "where.jpg"), ""))
    open_talk.follow("save")
    assert "could not be saved" in open_talk.text


def test_hostile_pictures_are_placeholders(open_talk: Conversation) -> None:
    open_talk.stream.says(png_that_claims(60_000, 60_000), "image/png")
    open_talk.stream.says(packed(drawn())[:40], "image/png")
    open_talk.stream.says(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    shown(open_talk, 3)
    assert "[picture not shown (too large)]" in open_talk.text
    assert "[picture not shown (it cannot be read)]" in open_talk.text
    assert "kind that cannot be shown here: image/svg+xml" in open_talk.text
    assert not inline(open_talk)
    assert all(entry.picture is None or entry.picture.data is None for entry in open_talk.chat.entries)
    open_talk.follow("picture")
    assert not open_talk.page.window().findChildren(PictureWindow)


def test_only_so_many_pictures_are_kept(open_talk: Conversation) -> None:
    small = packed(drawn(8, 8))
    for _ in range(MAX_PICTURES + 3):
        open_talk.stream.says(small, "image/png")
    open_talk.person.settle()
    shown(open_talk, MAX_PICTURES + 3)
    assert [entry.picture is not None and entry.picture.trouble for entry in open_talk.chat.entries[:4]] == ["gone", "gone", "gone", ""]
    assert open_talk.text.count("[picture not kept any more]") == 3
    assert len(inline(open_talk)) == MAX_PICTURES
