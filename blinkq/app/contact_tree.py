"""The contacts as a tree for the main window: headings with people below them, each with its presence."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication, QModelIndex, QObject, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPen, QPixmap, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from blinkq.app.address import display_address
from blinkq.app.colours import colours
from blinkq.app.contact_list import ContactList, Person
from blinkq.app.icons import pixmap
from blinkq.app.people import PersonState
from blinkq.sipsimple.availability import Availability

__all__ = ["PERSON_ROLE", "ContactDelegate", "ContactTree", "availability_text", "presence_dot", "state_text"]

PERSON_ROLE = Qt.ItemDataRole.UserRole
_KEY_ROLE = Qt.ItemDataRole.UserRole + 1
_ROW_HEIGHT = 44
_HEADING_HEIGHT = 26
_DOT = 12
_MARGIN = 8


class ContactTree(QStandardItemModel):
    """The groups of a ContactList. Rows keep their identity while it changes, so that selection and open groups stay."""

    def __init__(self, contacts: ContactList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._contacts = contacts
        contacts.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the contacts as they are now."""
        groups = self._contacts.groups
        root = self.invisibleRootItem()
        assert root is not None
        headings = _arrange(root, [group.title for group in groups])
        for heading, group in zip(headings, groups, strict=True):
            heading.setText(group.title)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            heading.setAccessibleText(f"{group.title}, {len(group.people)}")
            for item, person in zip(_arrange(heading, [person.key for person in group.people]), group.people, strict=True):
                if item.data(PERSON_ROLE) == person:
                    continue
                item.setText(person.name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                item.setData(person, PERSON_ROLE)
                described = ", ".join([person.name, *(display_address(address) for address in person.addresses), state_text(person.state)])
                item.setAccessibleText(described)
                item.setToolTip(described.replace(", ", "\n"))


class ContactDelegate(QStyledItemDelegate):
    """Paints a heading, or a person: dot, name, note or address, and whether in a call."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(160, _ROW_HEIGHT if index.data(PERSON_ROLE) is not None else _HEADING_HEIGHT)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if painter is None:
            return
        person: Person | None = index.data(PERSON_ROLE)
        scheme, selected = colours(), bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = option.rect.adjusted(0, 1, -2, -1)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            ground = option.palette.color(QPalette.ColorRole.Highlight) if selected else scheme.role("button" if scheme.dark else "window")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(row, 6, 6)
        text = option.palette.color(QPalette.ColorRole.HighlightedText) if selected else scheme.role("text")
        muted = text if selected else scheme.role("muted")
        inner = row.adjusted(_MARGIN, 0, -_MARGIN, 0)
        if person is None:
            font = QFont(option.font)
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(muted)
            painter.drawText(inner.adjusted(-4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data() or ""))
        else:
            self._paint_person(painter, inner, person, (text, muted), option)
        painter.restore()

    @staticmethod
    def _paint_person(
        painter: QPainter, inner: QRect, person: Person, ink: tuple[QColor, QColor], option: QStyleOptionViewItem
    ) -> None:  # fmt: skip
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        dot = presence_dot(person.state.availability, ink[0].name() if selected else None)
        painter.drawPixmap(inner.left(), inner.center().y() - _DOT // 2 + 1, dot.pixmap(_DOT, _DOT))
        area = inner.adjusted(_DOT + 10, 3, 0, -3)
        if person.state.in_call:
            lamp = pixmap("call", "on_accent" if selected else "danger", QSize(16, 16), painter.device().devicePixelRatioF())  # type: ignore[union-attr]
            painter.drawPixmap(area.right() - 16, area.center().y() - 8, lamp)
            area.adjust(0, 0, -24, 0)
        half = area.height() // 2
        upper, lower = QRect(area.left(), area.top(), area.width(), half), QRect(area.left(), area.top() + half, area.width(), half)
        painter.setFont(option.font)
        painter.setPen(ink[0])
        metrics = painter.fontMetrics()
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(person.name, Qt.TextElideMode.ElideRight, upper.width()))
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() * 0.9)
        painter.setFont(small)
        painter.setPen(ink[1])
        second = painter.fontMetrics().elidedText(second_line(person), Qt.TextElideMode.ElideRight, lower.width())
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, second)


def second_line(person: Person) -> str:
    """What stands below the name: the note, else where it is reached."""
    if person.state.note:
        return person.state.note
    if person.neighbour is not None:
        return person.neighbour.host or display_address(person.neighbour.uri)
    return display_address(person.addresses[0]) if person.addresses else ""


def availability_text(availability: Availability) -> str:
    """An availability in the user's language."""
    return {
        Availability.AVAILABLE: _tr("Available"), Availability.BUSY: _tr("Busy"), Availability.AWAY: _tr("Away"),
        Availability.OFFLINE: _tr("Offline"), Availability.UNKNOWN: _tr("Presence not known"),
    }[availability]  # fmt: skip


def state_text(state: PersonState) -> str:
    """What is known of somebody, in words."""
    parts = [availability_text(state.availability), _tr("in a call") if state.in_call else "", state.note]
    return ", ".join(part for part in parts if part)


def presence_dot(availability: Availability, ink: str | None = None, size: int = _DOT) -> QIcon:
    """Told apart by shape as well as colour: full is available, full with a bar busy, half away, a ring offline, a small ring unknown."""
    scheme = colours()
    colour = ink or {
        Availability.AVAILABLE: scheme.good, Availability.BUSY: scheme.danger, Availability.AWAY: scheme.warning,
        Availability.OFFLINE: scheme.muted, Availability.UNKNOWN: scheme.muted,
    }[availability]  # fmt: skip
    ratio = 2
    picture = QPixmap(size * ratio, size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 1.6))
    frame = QRect(1, 1, size - 2, size - 2)
    if availability is Availability.UNKNOWN:
        painter.drawEllipse(QRect(4, 4, size - 8, size - 8))
    elif availability is Availability.AWAY:
        painter.drawEllipse(frame)
        painter.setBrush(QColor(colour))
        painter.drawPie(frame, 90 * 16, 180 * 16)
    else:
        if availability is not Availability.OFFLINE:
            painter.setBrush(QColor(colour))
        painter.drawEllipse(frame)
    if availability is Availability.BUSY:
        painter.setPen(QPen(scheme.role("base"), 2))
        painter.drawLine(3, size // 2, size - 3, size // 2)
    painter.end()
    return QIcon(picture)


def _arrange(parent: QStandardItem, keys: list[str]) -> list[QStandardItem]:
    """Make the children of ``parent`` those with ``keys``, in this order; those that are there already are the same objects."""
    for row in reversed(range(parent.rowCount())):
        child = parent.child(row)
        if child is None or child.data(_KEY_ROLE) not in keys:
            parent.removeRow(row)
    items = []
    for row, key in enumerate(keys):
        there = next((at for at in range(row, parent.rowCount()) if _key(parent, at) == key), None)
        if there is None:
            made = QStandardItem()
            made.setData(key, _KEY_ROLE)
            parent.insertRow(row, made)
        elif there != row:
            parent.insertRow(row, parent.takeRow(there))
        item = parent.child(row)
        assert item is not None
        items.append(item)
    return items


def _key(parent: QStandardItem, row: int) -> str | None:
    child = parent.child(row)
    return child.data(_KEY_ROLE) if child is not None else None


def _tr(text: str) -> str:
    return QCoreApplication.translate("ContactTree", text)
