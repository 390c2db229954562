"""Keys of Qt as X11's numbers of their symbols, which RFB sends (RFC 6143 §7.5.4)."""

from __future__ import annotations

import sys

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent

__all__ = ["keysym_of", "keysym_of_character"]

_KEY = Qt.Key
_MAC = sys.platform == "darwin"  # there Qt calls Command "Control", and Control "Meta"

_TABLE: dict[int, int] = {
    _KEY.Key_Backspace: 0xFF08, _KEY.Key_Tab: 0xFF09, _KEY.Key_Backtab: 0xFF09, _KEY.Key_Return: 0xFF0D, _KEY.Key_Enter: 0xFF8D,
    _KEY.Key_Pause: 0xFF13, _KEY.Key_ScrollLock: 0xFF14, _KEY.Key_SysReq: 0xFF15, _KEY.Key_Escape: 0xFF1B, _KEY.Key_Multi_key: 0xFF20,
    _KEY.Key_Home: 0xFF50, _KEY.Key_Left: 0xFF51, _KEY.Key_Up: 0xFF52, _KEY.Key_Right: 0xFF53, _KEY.Key_Down: 0xFF54,
    _KEY.Key_PageUp: 0xFF55, _KEY.Key_PageDown: 0xFF56, _KEY.Key_End: 0xFF57, _KEY.Key_Select: 0xFF60, _KEY.Key_Print: 0xFF61,
    _KEY.Key_Insert: 0xFF63, _KEY.Key_Undo: 0xFF65, _KEY.Key_Redo: 0xFF66, _KEY.Key_Menu: 0xFF67, _KEY.Key_Find: 0xFF68,
    _KEY.Key_Cancel: 0xFF69, _KEY.Key_Help: 0xFF6A, _KEY.Key_Mode_switch: 0xFF7E, _KEY.Key_Delete: 0xFFFF, _KEY.Key_Clear: 0xFF0B,
    _KEY.Key_Shift: 0xFFE1, _KEY.Key_Control: 0xFFEB if _MAC else 0xFFE3, _KEY.Key_Meta: 0xFFE3 if _MAC else 0xFFEB, _KEY.Key_Alt: 0xFFE9,
    _KEY.Key_AltGr: 0xFE03, _KEY.Key_Super_L: 0xFFEB, _KEY.Key_Super_R: 0xFFEC, _KEY.Key_Hyper_L: 0xFFED, _KEY.Key_Hyper_R: 0xFFEE,
    _KEY.Key_VolumeDown: 0x1008FF11, _KEY.Key_VolumeMute: 0x1008FF12, _KEY.Key_VolumeUp: 0x1008FF13, _KEY.Key_MediaPlay: 0x1008FF14,
    _KEY.Key_MediaStop: 0x1008FF15, _KEY.Key_MediaPrevious: 0x1008FF16, _KEY.Key_MediaNext: 0x1008FF17, _KEY.Key_HomePage: 0x1008FF18,
    _KEY.Key_Search: 0x1008FF1B, _KEY.Key_Back: 0x1008FF26, _KEY.Key_Forward: 0x1008FF27, _KEY.Key_Refresh: 0x1008FF29,
    _KEY.Key_Favorites: 0x1008FF30, _KEY.Key_LaunchMail: 0x1008FF19, _KEY.Key_Kanji: 0xFF21, _KEY.Key_Muhenkan: 0xFF22,
    _KEY.Key_Henkan: 0xFF23, _KEY.Key_Hiragana: 0xFF25, _KEY.Key_Katakana: 0xFF26, _KEY.Key_Zenkaku_Hankaku: 0xFF2A,
    _KEY.Key_Hangul: 0xFF31, _KEY.Key_Hangul_Hanja: 0xFF34,
    **{_KEY.Key_F1 + number: 0xFFBE + number for number in range(35)},
    **{_KEY.Key_Dead_Grave + number: 0xFE50 + number for number in range(20)},
}  # fmt: skip
#: on the number block: what the symbol is there
_KEYPAD: dict[int, int] = {
    **{_KEY.Key_0 + digit: 0xFFB0 + digit for digit in range(10)},
    _KEY.Key_Asterisk: 0xFFAA, _KEY.Key_Plus: 0xFFAB, _KEY.Key_Minus: 0xFFAD, _KEY.Key_Slash: 0xFFAF, _KEY.Key_Equal: 0xFFBD,
    _KEY.Key_Period: 0xFFAE, _KEY.Key_Comma: 0xFFAC, _KEY.Key_Home: 0xFF95, _KEY.Key_Left: 0xFF96, _KEY.Key_Up: 0xFF97,
    _KEY.Key_Right: 0xFF98, _KEY.Key_Down: 0xFF99, _KEY.Key_PageUp: 0xFF9A, _KEY.Key_PageDown: 0xFF9B, _KEY.Key_End: 0xFF9C,
    _KEY.Key_Insert: 0xFF9E, _KEY.Key_Delete: 0xFF9F, _KEY.Key_Clear: 0xFF9D,
}  # fmt: skip
#: locks stay on this side: text arrives as it is meant, whatever is locked over there
_LOCKS = frozenset((_KEY.Key_CapsLock, _KEY.Key_NumLock))


def keysym_of(event: QKeyEvent) -> int | None:
    """The symbol of a key that was pressed; None for keys that have none, or that concern this side alone."""
    key, modifiers = event.key(), event.modifiers()
    if key in _LOCKS:
        return None
    if modifiers & Qt.KeyboardModifier.KeypadModifier and key in _KEYPAD and not _MAC:
        return _KEYPAD[key]
    if key in _TABLE:
        return _TABLE[key]
    text = event.text()
    if len(text) == 1 and text.isprintable():
        return keysym_of_character(text)
    if 0x20 <= key <= 0xFF:  # with Control there is a control character for a text: the key's own letter
        shifted = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        return keysym_of_character(chr(key) if shifted else chr(key).lower())
    return None


def keysym_of_character(character: str) -> int:
    """The symbol of a character: Latin-1 is itself, the others are in a range of their own."""
    code = ord(character)
    if character in "\r\n":
        return 0xFF0D
    if character == "\t":
        return 0xFF09
    return code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else 0x01000000 | code
