"""The messages of a chat as text that can be read, selected and copied.

Nothing of it is ever taken for HTML, nothing is loaded, and a link says where it goes and asks before it opens.
"""

from __future__ import annotations

from PyQt6.QtCore import QDate, QDateTime, QEvent, QLocale, QSizeF, Qt, QTimer, QUrl, QVariant, pyqtSignal
from PyQt6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QHelpEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)
from PyQt6.QtWidgets import QTextBrowser, QToolTip, QWidget

from blinkq.app.chat_entries import ChatEntry, EntryKind, Mark, find_links
from blinkq.app.colours import colours
from blinkq.app.file_transfer import TransferStage
from blinkq.app.file_wording import level_of, size_text, status_text
from blinkq.app.picture import Picture

__all__ = ["ChatView", "shown_address"]

#: entries of one party within so many seconds stand under one heading
_TOGETHER = 300.0
#: what we write into links of our own; strangers can write web and mail addresses only
_COMMAND = "blinkq-chat"
#: what the pictures of the entries are called in the document
_PICTURE = "blinkq-picture"
#: pixels: the widest and highest a picture stands in the text, and what is left free beside it
_WIDEST, _HIGHEST, _BESIDE = 480, 360, 40


class ChatView(QTextBrowser):
    """Shows ChatEntries. ``link_wanted`` with an address that was clicked; ``command_wanted`` with "retry", "open", "folder", "cancel",
    "picture" (show it large), "save", "file" (send the picture as one) or "more" (show earlier ones), and the entry it stands in."""

    link_wanted = pyqtSignal(QUrl)
    command_wanted = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.anchorClicked.connect(self._clicked)
        self._entries: list[ChatEntry] = []
        #: where the part of each that changes begins: number of the block, place in it. Blocks are only ever added at the end.
        self._tails: list[tuple[int, int]] = []
        #: fits the pictures to another width
        self._refit = QTimer(self)
        self._refit.setSingleShot(True)
        self._refit.setInterval(0)
        self._refit.timeout.connect(self._fit_pictures)
        document = self.document()
        assert document is not None
        document.setDocumentMargin(8)

    # public ----------------------------------------------------------------------------------------------------------------------

    def show_entries(self, entries: list[ChatEntry]) -> None:
        """Show these and no others; what was seen stays in sight when there is more before it."""
        bar, layout = self.verticalScrollBar(), self._layout()
        below = bar.maximum() - bar.value() if bar is not None else 0
        self.clear()
        self._entries, self._tails = [], []
        whole = QTextCursor(self.document())
        whole.beginEditBlock()  # laid out once, not after every piece
        for entry in entries:
            self._append(entry)
        whole.endEditBlock()
        layout.documentSize()  # laid out to the end, so that the bar knows how long it is
        if bar is not None:
            bar.setValue(max(bar.maximum() - below, 0) if below > 4 else bar.maximum())

    def append_entry(self, entry: ChatEntry) -> None:
        """Add one at the end; follow it unless something older is being read."""
        bar = self.verticalScrollBar()
        follow = entry.kind is EntryKind.OWN or bar is None or bar.value() >= bar.maximum() - 4
        self._append(entry)
        if follow:
            self.scroll_down()

    def update_entry(self, entry: ChatEntry) -> None:
        """What became of it has changed."""
        for number in range(len(self._entries) - 1, -1, -1):
            if self._entries[number] is entry:
                bar = self.verticalScrollBar()
                follow = bar is not None and bar.value() >= bar.maximum() - 4
                self._rewrite_tail(number)
                if follow:
                    self.scroll_down()
                return

    def find_text(self, text: str, *, backwards: bool) -> bool:
        """Go to the next place that has ``text``, from the other end when there is none; whether there is any."""
        flags = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        if not text or self.find(text, flags):
            return bool(text)
        kept = self.textCursor()
        self.moveCursor(QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start)
        if self.find(text, flags):
            return True
        kept.clearSelection()
        self.setTextCursor(kept)
        return False

    def redraw(self) -> None:
        """In the colours of the moment."""
        self.show_entries(list(self._entries))

    def scroll_down(self) -> None:
        """Show the latest."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())

    # events ----------------------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        bar = self.verticalScrollBar()
        follow = bar is not None and bar.value() >= bar.maximum() - 4
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self._refit.start()  # later: a scroll bar that comes while we write must not make us write
        if follow:
            self.scroll_down()

    def loadResource(self, _kind: int, _name: QUrl) -> QVariant:
        """Nothing is loaded, from nowhere; pictures of messages are given to the document."""
        return QVariant()

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            viewport = self.viewport()
            anchor = self.anchorAt(viewport.mapFrom(self, event.pos())) if viewport is not None else ""
            shown = "" if not anchor or anchor.startswith(_COMMAND) else shown_address(QUrl(anchor))
            QToolTip.showText(event.globalPos(), shown, self)
            return True
        return super().event(event)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _clicked(self, url: QUrl) -> None:
        if url.scheme() != _COMMAND:
            self.link_wanted.emit(url)
            return
        command, _, number = url.path().partition("/")
        if number.isdecimal() and int(number) < len(self._entries):
            self.command_wanted.emit(command, self._entries[int(number)])

    def _append(self, entry: ChatEntry) -> None:
        document = self.document()
        assert document is not None
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = self._entries[-1] if self._entries else None
        number = len(self._entries)
        self._entries.append(entry)
        if entry.kind is EntryKind.MORE:
            self._block(cursor, first=True, above=6, centred=True)
            self._tails.append((cursor.blockNumber(), cursor.positionInBlock()))
            self._write_parts(cursor, [(self.tr("Show earlier messages"), "accent", "more")], number, apart="")
            return
        if before is not None and before.kind is EntryKind.MORE:
            before = None
            self._block(cursor, above=6, centred=True)
            cursor.insertText(_day_text(entry), _format("muted", small=True))
        elif before is None or _day(before) != _day(entry):
            self._block(cursor, first=before is None, above=6, centred=True)
            cursor.insertText(_day_text(entry), _format("muted", small=True))
            before = None
        if entry.kind is EntryKind.NOTE:
            self._block(cursor, above=8, centred=True)
            cursor.insertText(f"{_time(entry)}  ", _format("muted", small=True))
            cursor.insertText(entry.text, _format({"error": "danger"}.get(entry.level, entry.level), small=True))
        else:
            self._write_message(cursor, entry, before)
        self._tails.append((cursor.blockNumber(), cursor.positionInBlock()))
        self._write_tail(cursor, entry, number)

    def _write_message(self, cursor: QTextCursor, entry: ChatEntry, before: ChatEntry | None) -> None:
        spoken = before is not None and before.kind is not EntryKind.NOTE
        heading = self._heading(entry)
        if before is None or not spoken or self._heading(before) != heading or entry.when - before.when >= _TOGETHER:
            self._block(cursor, above=12)
            who = _format("muted" if _own(entry) else "accent")
            who.setFontWeight(QFont.Weight.Bold)
            cursor.insertText(heading, who)
            cursor.insertText(f"  {_time(entry)}", _format("muted", small=True))
        self._block(cursor, above=4)
        if entry.kind is EntryKind.FILE:
            name = _format("text")
            name.setFontWeight(QFont.Weight.DemiBold)
            cursor.insertText(entry.text, name)
        else:
            _write_text(cursor, entry.text)

    def _heading(self, entry: ChatEntry) -> str:
        if not entry.private:
            return entry.sender
        if not _own(entry):
            return self.tr("%1 (to you alone)").replace("%1", entry.sender)
        name = entry.recipient.name if entry.recipient is not None else ""
        return self.tr("%1, to %2 alone").replace("%1", entry.sender).replace("%2", name)

    def _block(self, cursor: QTextCursor, *, above: int, first: bool = False, centred: bool = False) -> None:
        shape = QTextBlockFormat()
        shape.setTopMargin(above)
        if centred:
            shape.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        if first:
            cursor.setBlockFormat(shape)
        else:
            cursor.insertBlock(shape, _format("text"))

    def _fit_pictures(self) -> None:
        bar = self.verticalScrollBar()
        follow = bar is not None and bar.value() >= bar.maximum() - 4
        for number, entry in enumerate(self._entries):
            if entry.picture is not None and entry.picture.image is not None:
                self._rewrite_tail(number)
        if follow:
            self.scroll_down()

    def _layout(self) -> QAbstractTextDocumentLayout:
        document = self.document()
        assert document is not None
        layout = document.documentLayout()
        assert layout is not None
        return layout

    def _rewrite_tail(self, number: int) -> None:
        document = self.document()
        assert document is not None
        tail = self._tails[number]
        cursor = QTextCursor(document)
        cursor.setPosition(document.findBlockByNumber(tail[0]).position() + tail[1])
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._write_tail(cursor, self._entries[number], number)

    def _write_picture(self, cursor: QTextCursor, picture: Picture, number: int) -> list[tuple[str, str, str]]:
        """The picture, or why there is none; gives what is to stand below it."""
        document, name = self.document(), f"{_PICTURE}:{number}"
        assert document is not None
        if picture.image is None or picture.data is None:
            text = {
                "large": self.tr("[picture not shown (too large)]"), "broken": self.tr("[picture not shown (it cannot be read)]"),
                "gone": self.tr("[picture not kept any more]"),
            }.get(picture.trouble, self.tr("[picture]"))  # fmt: skip
            document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), QVariant())  # one that there was goes
            cursor.insertText(text, _format("muted"))
            return []
        viewport = self.viewport()
        width = min(picture.image.width(), _WIDEST, max(viewport.width() - _BESIDE if viewport is not None else _WIDEST, 40))
        height = picture.image.height() * width / picture.image.width()
        if height > _HIGHEST:
            width, height = max(round(width * _HIGHEST / height), 1), _HIGHEST
        room = QSizeF(width, height) * self.devicePixelRatioF()
        image = picture.image
        if image.width() > room.width():  # the document itself would scale it roughly
            image = image.scaled(room.toSize(), Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), image)
        shape = QTextImageFormat()
        shape.setName(name)
        shape.setWidth(width)
        shape.setHeight(height)
        shape.setAnchor(True)
        shape.setAnchorHref(f"{_COMMAND}:picture/{number}")
        cursor.insertImage(shape)
        size = picture.size or picture.image.size()
        about = f"\u2028{size.width()} × {size.height()} · {size_text(len(picture.data))}"
        return [(about, "muted", ""), (self.tr("Save"), "accent", "save")]

    def _write_tail(self, cursor: QTextCursor, entry: ChatEntry, number: int) -> None:
        parts = [] if entry.picture is None else self._write_picture(cursor, entry.picture, number)
        if entry.transfer is not None:
            transfer = entry.transfer
            level = {"error": "danger"}.get(level_of(transfer), level_of(transfer))
            parts.append((f"\u2028{status_text(transfer)}", level, ""))
            if transfer.stage is TransferStage.DONE:
                parts += [(self.tr("Open"), "accent", "open"), (self.tr("Show in folder"), "accent", "folder")]
            elif not transfer.over:
                parts.append((self.tr("Cancel"), "accent", "cancel"))
            elif transfer.retryable:
                parts.append((self.tr("Try again"), "accent", "retry"))
        elif entry.kind is EntryKind.FILE:
            parts.append((f"\u2028{self.tr('Sent') if entry.own else self.tr('Received')}", "muted", ""))
        elif entry.mark is Mark.FAILED:
            parts.append((f"\u2028{self.tr('Not delivered: %1').replace('%1', entry.reason) if entry.reason else self.tr('Not delivered')}",
                          "danger", ""))  # fmt: skip
            if entry.picture is None or entry.picture.data is not None:
                parts.append((self.tr("Try again"), "accent", "retry"))
            if entry.picture is not None and entry.picture.data is not None:
                parts.append((self.tr("Send as a file"), "accent", "file"))
        elif entry.mark is not None:
            text, role = {
                Mark.WAITING: (self.tr("waiting"), "muted"), Mark.SENDING: (self.tr("sending"), "muted"),
                Mark.DELIVERED: ("✓\N{NO-BREAK SPACE}" + self.tr("delivered"), "good"),
            }[entry.mark]  # fmt: skip
            parts.append((f"   {text}", role, ""))
        self._write_parts(cursor, parts, number)

    def _write_parts(self, cursor: QTextCursor, parts: list[tuple[str, str, str]], number: int, apart: str = "   ") -> None:
        """Texts, the roles of their colours, and what a click on them asks for, or ""."""
        for text, role, command in parts:
            shape = _format(role, small=True)
            if command:
                cursor.insertText(apart, _format("muted", small=True))
                shape.setAnchor(True)
                shape.setAnchorHref(f"{_COMMAND}:{command}/{number}")
                shape.setFontUnderline(True)
            cursor.insertText(text, shape)


def shown_address(url: QUrl) -> str:
    """Where a link goes, so that lookalikes show: a host in other letters than Latin ones is written as the network knows it."""
    return url.toEncoded().data().decode("ascii", "replace")


def _write_text(cursor: QTextCursor, text: str) -> None:
    """Each line in a block of its own: it may be written from the right or from the left."""
    first, *rest = text.split("\n")
    _write_line(cursor, first)
    for line in rest:
        cursor.insertBlock(QTextBlockFormat(), _format("text"))
        _write_line(cursor, line)


def _write_line(cursor: QTextCursor, text: str) -> None:
    plain, position = _format("text"), 0
    for begin, end in find_links(text):
        cursor.insertText(text[position:begin], plain)
        link = _format("accent")
        link.setAnchor(True)
        link.setAnchorHref(text[begin:end])
        link.setFontUnderline(True)
        cursor.insertText(text[begin:end], link)
        position = end
    cursor.insertText(text[position:], plain)


def _format(role: str, *, small: bool = False) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(colours().role(role))
    if small:
        result.setProperty(QTextCharFormat.Property.FontSizeAdjustment, -1)
    return result


def _own(entry: ChatEntry) -> bool:
    return entry.kind is EntryKind.OWN or entry.own or (entry.transfer is not None and not entry.transfer.incoming)


def _day(entry: ChatEntry) -> QDate:
    return QDateTime.fromSecsSinceEpoch(int(entry.when)).date()


def _day_text(entry: ChatEntry) -> str:
    return QLocale().toString(_day(entry), QLocale.FormatType.LongFormat)


def _time(entry: ChatEntry) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(entry.when)).time(), QLocale.FormatType.ShortFormat)
