"""Light and dark: follows the system, live, unless the user chose one.

Fusion style, a palette of our own and one small style sheet, so that BlinkQ looks the same on every desktop.
"""

from __future__ import annotations

from enum import StrEnum

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from blinkq.app.colours import DARK, LIGHT, Colours, colours, use_colours
from blinkq.app.icons import refresh_icons
from blinkq.base.resources import resource

__all__ = ["Appearance", "Theme"]


class Appearance(StrEnum):
    """What the user wants the windows to look like."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Applies the colours to the application and keeps them in step with the system. ``changed`` tells who draws by itself."""

    changed = pyqtSignal()

    def __init__(self, application: QApplication, appearance: Appearance = Appearance.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._appearance = appearance
        application.setStyle("Fusion")
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def appearance(self) -> Appearance:
        """What was chosen; setting it takes effect at once."""
        return self._appearance

    @appearance.setter
    def appearance(self, appearance: Appearance) -> None:
        self._appearance = appearance
        self._apply()

    def _apply(self) -> None:
        scheme = self._wanted()
        use_colours(scheme)
        self._application.setPalette(scheme.palette())
        self._application.setStyleSheet(style_sheet(scheme))
        refresh_icons()
        self.changed.emit()

    def _wanted(self) -> Colours:
        if self._appearance is not Appearance.SYSTEM:
            return DARK if self._appearance is Appearance.DARK else LIGHT
        hints = QGuiApplication.styleHints()
        return DARK if hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def style_sheet(scheme: Colours | None = None) -> str:
    """The accents that a palette cannot express: kinds of buttons, cards, visible focus."""
    c = scheme or colours()
    arrow, tick = (resource("icons", f"{name}-{'dark' if c.dark else 'light'}.svg").as_posix() for name in ("arrow", "tick"))
    return f"""
* {{ outline: none; }}
QToolTip {{ color: {c.text}; background: {c.card}; border: 1px solid {c.line}; padding: 3px; }}
QLineEdit, QComboBox {{ border: 1px solid {c.line}; border-radius: 6px; padding: 5px 8px; background: {c.base};
    selection-background-color: {c.accent_ground}; selection-color: {c.on_accent}; min-height: 20px; }}
QLineEdit:focus, QComboBox:focus {{ border: 2px solid {c.accent}; padding: 4px 7px; }}
QLineEdit[invalid="true"] {{ border-color: {c.danger}; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {c.disabled}; background: {c.window}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{arrow}"); width: 12px; height: 12px; }}
QComboBox::down-arrow:disabled {{ image: none; }}
QToolButton::menu-indicator {{ image: none; }}
QComboBox QAbstractItemView {{ border: 1px solid {c.line}; background: {c.card}; selection-background-color: {c.accent_ground}; }}
QPushButton, QToolButton {{ border: 1px solid {c.line}; border-radius: 6px; padding: 5px 12px; background: {c.button}; min-height: 20px; }}
QToolButton {{ padding: 5px; }}
QLineEdit QToolButton {{ border: none; padding: 0; min-height: 0; background: transparent; }}
QPushButton:hover, QToolButton:hover {{ border-color: {c.accent}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.line}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {c.accent}; padding: 4px 11px; }}
QToolButton:focus {{ padding: 4px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {c.disabled}; background: {c.window}; }}
QToolButton:checked {{ background: {c.accent_ground}; border-color: {c.accent_ground}; color: {c.on_accent}; }}
QToolButton:checked:focus {{ border: 2px solid {c.text}; }}
QToolButton[flat="true"], QToolButton[flat="true"]:checked {{ border-color: transparent; background: transparent; color: {c.text}; }}
QToolButton[flat="true"][small="true"] {{ padding: 1px; min-height: 0; }}
QToolButton[flat="true"]:focus, QToolButton[flat="true"]:checked:focus {{ border-color: {c.accent}; }}
QPushButton[kind="primary"], QToolButton[kind="primary"] {{ background: {c.accent_ground}; border-color: {c.accent_ground};
    color: {c.on_accent}; font-weight: 600; }}
QPushButton[kind="good"] {{ background: {c.good_ground}; border-color: {c.good_ground}; color: {c.on_accent}; font-weight: 600; }}
QPushButton[kind="danger"], QToolButton[kind="danger"] {{ background: {c.danger_ground}; border-color: {c.danger_ground};
    color: {c.on_accent}; font-weight: 600; }}
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus, QPushButton[kind="good"]:focus,
    QPushButton[kind="danger"]:focus, QToolButton[kind="danger"]:focus {{
    border: 2px solid {c.text}; }}
QPushButton[kind]:hover, QToolButton[kind]:hover {{ border-color: {c.text}; }}
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled, QPushButton[kind="good"]:disabled,
    QToolButton[kind="danger"]:disabled {{
    background: {c.line}; border-color: {c.line}; color: {c.muted}; }}
QFrame[card="true"] {{ background: {c.card}; border: 1px solid {c.line}; border-radius: 10px; }}
QFrame[drop="true"] {{ border: 2px dashed {c.accent}; }}
QFrame[card="true"]:focus {{ border: 2px solid {c.accent}; }}
QFrame[card="true"] QLabel {{ background: transparent; }}
QFrame[notice="true"] {{ background: {c.card}; border: 1px solid {c.warning}; border-radius: 8px; }}
QLabel[level="muted"] {{ color: {c.muted}; }}
QLabel[level="error"] {{ color: {c.danger}; }}
QLabel[level="good"] {{ color: {c.good}; }}
QLabel[level="warning"] {{ color: {c.warning}; }}
QTabBar::tab {{ padding: 5px 12px; border: none; border-bottom: 2px solid transparent; color: {c.muted}; }}
QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
QTabBar::tab:hover {{ color: {c.text}; }}
QTabBar::tab:selected:focus {{ border: 2px solid {c.accent}; border-radius: 4px; padding: 3px 10px 5px 10px; }}
QTabWidget::pane {{ border: none; }}
QTreeView {{ show-decoration-selected: 0; }}
QListView, QTreeView, QPlainTextEdit, QTextBrowser {{ border: 1px solid {c.line}; border-radius: 8px; background: {c.base}; padding: 2px; }}
QListView:focus, QTreeView:focus, QPlainTextEdit:focus, QTextBrowser:focus {{ border: 2px solid {c.accent}; padding: 1px; }}
QTextBrowser[drop="true"] {{ border: 2px dashed {c.accent}; padding: 1px; }}
QLabel#dropLabel {{ background: {c.card}; color: {c.accent}; border-radius: 8px; font-weight: 600; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {c.muted}; border-radius: 3px; background: {c.base}; }}
QCheckBox::indicator:checked {{ image: url("{tick}"); }}
QCheckBox::indicator:focus {{ border: 2px solid {c.accent}; width: 12px; height: 12px; }}
QProgressBar {{ border: none; border-radius: 4px; background: {c.line}; min-height: 8px; max-height: 8px; }}
QProgressBar::chunk {{ border-radius: 4px; background: {c.accent_ground}; }}
QScrollArea {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {c.line}; border-radius: 3px; min-height: 28px; }}
QScrollBar::handle:vertical:hover {{ background: {c.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; height: 0; }}
QBalloonTip QLabel {{ color: #1c252e; }}
QMenu {{ background: {c.card}; border: 1px solid {c.line}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {c.accent_ground}; color: {c.on_accent}; }}
QMenu::item:disabled {{ color: {c.disabled}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}
QMenu::indicator {{ left: 5px; width: 14px; height: 14px; }}
QMenu::indicator:checked {{ image: url("{tick}"); }}
QMenu::indicator:unchecked {{ image: none; }}
QMenu::icon {{ left: 6px; }}
QMenuBar {{ background: {c.window}; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {c.accent_ground}; color: {c.on_accent}; }}
"""
