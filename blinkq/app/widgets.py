"""Small widgets (a label that elides instead of clipping, a level meter), and what several windows set in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, QStringListModel, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QCompleter, QDialog, QLabel, QLineEdit, QMenu, QSizePolicy, QStyle, QWidget

from blinkq.app.colours import colours

__all__ = [
    "ElidedLabel", "LevelMeter", "breakable", "complete_addresses", "fill_menu", "fit_height", "follow_in_tab_order",
    "make_quiet_question", "set_level", "set_mark",
]  # fmt: skip

#: Characters of a word after which a line may end.
_LONG_WORD = re.compile(r"\S{30}(?=\S)")

#: below this nobody hears anything, above it the meter is full (dBFS)
METER_FLOOR = -60.0
METER_CEILING = -6.0


class ElidedLabel(QLabel):
    """A one-line label of plain text that ends in "…" where it does not fit; the whole text is its tool tip then."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str | None) -> None:
        self._whole = " ".join((text or "").split())
        self._elide()

    def text(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width() - 2, 0))
        super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class LevelMeter(QWidget):
    """A small bar that shows a signal level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self.setFixedSize(38, 8)

    @property
    def fraction(self) -> float:
        """How full the bar is, 0 to 1."""
        return self._fraction

    def set_dbfs(self, level: float) -> None:
        """Show a level in dBFS."""
        fraction = min(max((level - METER_FLOOR) / (METER_CEILING - METER_FLOOR), 0.0), 1.0)
        if abs(fraction - self._fraction) >= 0.01 or (fraction == 0.0) != (self._fraction == 0.0):
            self._fraction = fraction
            self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        scheme = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        painter.setBrush(scheme.role("line"))
        painter.drawRoundedRect(bar, 3, 3)
        if self._fraction > 0:
            painter.setClipRect(QRectF(bar.left(), bar.top(), bar.width() * self._fraction, bar.height()))
            painter.setBrush(scheme.role("warning" if self._fraction > 0.95 else "good"))
            painter.drawRoundedRect(bar, 3, 3)
        painter.end()


def complete_addresses(edit: QLineEdit, addresses: QStringListModel) -> None:
    """Offer addresses that contain what is typed, wherever and in whatever case."""
    completer = QCompleter(addresses, edit)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    edit.setCompleter(completer)


def fill_menu(menu: QMenu, *entries: tuple[str, Callable[[], object]]) -> None:
    """Append entries, each a text and what it does."""
    for text, slot in entries:
        action = menu.addAction(text)
        if action is not None:
            action.triggered.connect(lambda _checked, slot=slot: slot())


def fit_height(dialog: QDialog) -> None:
    """Make a dialog as high as what it shows needs: labels that wrap tell their height only for a width."""
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
        width = max(dialog.width(), dialog.minimumWidth(), layout.minimumSize().width())
        dialog.resize(width, max(layout.totalHeightForWidth(width), layout.minimumSize().height()) if layout.hasHeightForWidth() else 0)


def make_quiet_question(dialog: QDialog) -> None:
    """Let a dialog stay on top without taking the keyboard: whoever is typing elsewhere must not answer by accident."""
    kind = Qt.WindowType
    # a title and a close button: there is nothing to be made smaller or larger
    dialog.setWindowFlags(
        kind.Dialog | kind.WindowStaysOnTopHint | kind.CustomizeWindowHint | kind.WindowTitleHint | kind.WindowCloseButtonHint
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


def set_level(label: QLabel, level: str) -> None:
    """Give a label the colour of ``level`` ("", "muted", "good", "warning", "error")."""
    set_mark(label, "level", level)


def set_mark(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and have the widget drawn again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style: QStyle | None = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
    widget.update()


def follow_in_tab_order(after: QWidget, widget: QWidget) -> QWidget:
    """Let a widget and all in it come after another one when Tab is pressed, in the order they have; returns the last of them."""
    chain, here = [widget], widget.nextInFocusChain()
    while here is not None and here is not widget:
        if widget.isAncestorOf(here):
            chain.append(here)
        here = here.nextInFocusChain()
    for one in chain:
        if one.focusPolicy() != Qt.FocusPolicy.NoFocus:  # Qt does nothing with the others
            QWidget.setTabOrder(after, one)
            after = one
    return after


def breakable(text: str) -> str:
    """``text`` for a label that wraps: a word longer than any window is broken too. What a peer names so must not widen a dialog."""
    return _LONG_WORD.sub("\\g<0>\N{ZERO WIDTH SPACE}", text)
