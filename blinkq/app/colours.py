"""The two sets of colours, light and dark, and which one is in force.

Pairs of text and ground have a contrast of 4.5 or more (WCAG 2.1 §1.4.3); a test computes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QColor, QPalette

__all__ = ["DARK", "LIGHT", "Colours", "colours", "use_colours"]


@dataclass(frozen=True, slots=True)
class Colours:
    """One set of colours as "#rrggbb": ``card`` is the ground of a call, ``line`` what separates, ``on_accent`` the text on accents."""

    window: str
    base: str
    card: str
    button: str
    text: str
    muted: str
    disabled: str
    line: str
    accent: str
    accent_ground: str
    on_accent: str
    good: str
    good_ground: str
    warning: str
    danger: str
    danger_ground: str
    dark: bool

    def role(self, name: str) -> QColor:
        """The colour called ``name``."""
        return QColor(str(getattr(self, name)))

    def palette(self) -> QPalette:
        """The palette for the Fusion style."""
        palette = QPalette()
        role = QPalette.ColorRole
        for target, value in (
            (role.Window, self.window), (role.WindowText, self.text), (role.Base, self.base), (role.AlternateBase, self.card),
            (role.Text, self.text), (role.PlaceholderText, self.muted), (role.Button, self.button), (role.ButtonText, self.text),
            (role.BrightText, self.on_accent), (role.ToolTipBase, self.card), (role.ToolTipText, self.text), (role.Link, self.accent),
            (role.LinkVisited, self.accent), (role.Highlight, self.accent_ground), (role.HighlightedText, self.on_accent),
            (role.Mid, self.line), (role.Accent, self.accent_ground),
        ):  # fmt: skip
            palette.setColor(target, QColor(value))
        for target in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(self.disabled))
        palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(self.line))
        return palette


LIGHT = Colours(
    window="#f4f6f8", base="#ffffff", card="#ffffff", button="#ffffff", text="#1c252e", muted="#586673", disabled="#a3adb6", line="#cfd6dc",
    accent="#1363b8", accent_ground="#1769c2", on_accent="#ffffff", good="#177a3f", good_ground="#1a7f43", warning="#9a5800",
    danger="#b42323", danger_ground="#c02b2b", dark=False,
)  # fmt: skip
DARK = Colours(
    window="#1d2227", base="#15191d", card="#262c33", button="#2f363e", text="#e9edf0", muted="#a2adb7", disabled="#646f79", line="#414b55",
    accent="#6cb0f5", accent_ground="#1f6fc6", on_accent="#ffffff", good="#5cc98a", good_ground="#1f7f47", warning="#f0b25c",
    danger="#ff8a80", danger_ground="#c23a36", dark=True,
)  # fmt: skip

_current = LIGHT


def colours() -> Colours:
    """The colours in force."""
    return _current


def use_colours(scheme: Colours) -> None:
    """Put ``scheme`` into force; whoever draws asks for it again (see ``theme``)."""
    global _current
    _current = scheme
