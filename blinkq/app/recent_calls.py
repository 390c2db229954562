"""The list of recent calls: model and the painter of its two-line rows."""

from __future__ import annotations

import datetime
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QCoreApplication, QLocale, QModelIndex, QObject, QRect, QSize, Qt
from PyQt6.QtGui import QFont, QPainter, QPalette
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from blinkq.app.address import display_address
from blinkq.app.colours import colours
from blinkq.app.history import CallRecord, History
from blinkq.app.icons import pixmap
from blinkq.app.wording import clock_text

__all__ = ["RECORD_ROLE", "RecentCalls", "RecentDelegate", "outcome_text", "when_text"]

RECORD_ROLE = Qt.ItemDataRole.UserRole

_ROW_HEIGHT = 48
_ICON = 20
_MARGIN = 10


class RecentCalls(QAbstractListModel):
    """The latest calls, newest first."""

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self.records: list[CallRecord] = []
        self.reload()

    def reload(self) -> None:
        """Read the list again."""
        self.beginResetModel()
        self.records = self._history.recent()
        self.endResetModel()

    def addresses(self) -> list[str]:
        """What was called or called here, each once, newest first; for completing what is typed."""
        texts: dict[str, None] = {}
        for record in self.records:
            address = display_address(record.uri)
            texts[f"{record.name} <{address}>" if record.name and record.name != address else address] = None
        return list(texts)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.records)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.records):
            return None
        record = self.records[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return record.name or display_address(record.uri)
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                parts = [record.name, display_address(record.uri), outcome_text(record), when_text(record.started)]
                detail = f"{record.code} {record.reason}".strip() if record.code else ""
                return ", ".join(part for part in [*parts, detail] if part)
            case 256:  # RECORD_ROLE
                return record
        return None


class RecentDelegate(QStyledItemDelegate):
    """Paints a call: direction, name, address or outcome, time."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:
        return QSize(200, _ROW_HEIGHT)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        record: CallRecord | None = index.data(RECORD_ROLE)
        if painter is None or record is None:
            return
        scheme = colours()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = option.rect.adjusted(2, 1, -2, -1)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(option.palette.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(row, 6, 6)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(scheme.role("button" if scheme.dark else "window"))
            painter.drawRoundedRect(row, 6, 6)
        name, role = _picture(record)
        widget = option.widget
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        picture = pixmap(name, "on_accent" if selected else role, QSize(_ICON, _ICON), ratio)
        painter.drawPixmap(row.left() + _MARGIN, row.center().y() - _ICON // 2, picture)
        self._paint_text(painter, option, row, record, selected)
        painter.restore()

    def _paint_text(self, painter: QPainter, option: QStyleOptionViewItem, row: QRect, record: CallRecord, selected: bool) -> None:
        scheme = colours()
        text_colour = scheme.role("on_accent" if selected else "text")
        muted = scheme.role("on_accent" if selected else "muted")
        font, small = QFont(option.font), QFont(option.font)
        small.setPointSizeF(font.pointSizeF() * 0.88)
        font.setBold(record.outcome == "missed")
        left = row.left() + _MARGIN * 2 + _ICON
        upper = QRect(left, row.top() + 4, row.right() - left - _MARGIN, row.height() // 2 - 4)
        lower = QRect(left, row.center().y() + 1, upper.width(), row.height() // 2 - 4)
        when = when_text(record.started)
        painter.setFont(small)
        painter.setPen(muted)
        when_width = painter.fontMetrics().horizontalAdvance(when)
        painter.drawText(upper, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, when)
        address = display_address(record.uri)
        second = f"{address} · {outcome_text(record)}" if record.name and record.name != address else outcome_text(record)
        second = painter.fontMetrics().elidedText(second, Qt.TextElideMode.ElideMiddle, lower.width())
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, second)
        painter.setFont(font)
        painter.setPen(text_colour if record.outcome != "missed" or selected else scheme.role("danger"))
        width = upper.width() - when_width - _MARGIN
        title = painter.fontMetrics().elidedText(record.name or address, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(upper.left(), upper.top(), width, upper.height()), Qt.AlignmentFlag.AlignVCenter, title)


def outcome_text(record: CallRecord) -> str:
    """What became of a call, in a few words."""
    def tr(text: str) -> str:
        return QCoreApplication.translate("RecentCalls", text)

    if record.outcome == "answered" and record.duration >= 1:
        return clock_text(record.duration)
    failed = tr("Failed (%1)").replace("%1", f"{record.code} {record.reason}".strip()) if record.code else tr("Failed")
    return {
        "answered": tr("Answered"), "missed": tr("Missed"), "rejected": tr("Refused"), "cancelled": tr("Cancelled"),
    }.get(record.outcome, failed)  # fmt: skip


def when_text(started: float) -> str:
    """When a call was: the time for today, the weekday for this week, else the date."""
    locale = QLocale()
    then = datetime.datetime.fromtimestamp(started)
    days = (datetime.datetime.now().date() - then.date()).days
    time = locale.toString(then.time(), QLocale.FormatType.ShortFormat)
    if days <= 0:
        return time
    if days == 1:
        return QCoreApplication.translate("RecentCalls", "Yesterday %1").replace("%1", time)
    if days < 7:
        return f"{locale.dayName(then.isoweekday(), QLocale.FormatType.ShortFormat)} {time}"
    return locale.toString(then.date(), QLocale.FormatType.ShortFormat)


def _picture(record: CallRecord) -> tuple[str, str]:
    if record.outcome == "missed":
        return "missed", "danger"
    if record.outcome == "failed":
        return "missed", "warning"
    return ("incoming", "good") if record.direction == "incoming" else ("outgoing", "accent")
