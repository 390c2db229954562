"""What X11's numbers of key symbols, which RFB sends (RFC 6143 §7.5.4), stand for on systems that have other numbers."""

from __future__ import annotations

__all__ = ["ALT_GR", "MODIFIERS", "SHIFTS", "character_of"]

SHIFTS = frozenset((0xFFE1, 0xFFE2))
#: ISO_Level3_Shift, and Mode_switch as older viewers have it
ALT_GR = frozenset((0xFE03, 0xFF7E))
#: Shift, Control, Meta, Alt, Super, Hyper of both sides, and AltGr: not the locks
MODIFIERS = frozenset((*SHIFTS, *ALT_GR, 0xFFE3, 0xFFE4, *range(0xFFE7, 0xFFEF)))

#: Symbols from before Unicode: the high byte names a set of characters, the low one is the place in it.
_SETS = {
    1: "iso8859_2", 2: "iso8859_3", 3: "iso8859_4", 4: "shift_jis", 5: "iso8859_6", 6: "koi8_r", 7: "iso8859_7", 0xC: "iso8859_8",
    0xD: "tis_620",
}  # fmt: skip
#: Where these sets and the symbols part.
_OTHERS = {
    **dict(zip(range(0x06A1, 0x06B0), "ђѓёєѕіїјљњћќґўџ", strict=True)), **dict(zip(range(0x06B1, 0x06C0), "ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ", strict=True)),
    0x06B0: "№", **dict(zip((0x07A1, 0x07A2, 0x07A3, 0x07A4, 0x07A5, 0x07A7, 0x07A8, 0x07A9, 0x07AB), "ΆΈΉΊΪΌΎΫΏ", strict=True)),
    **dict(zip((*range(0x07B1, 0x07BC),), "άέήίϊΐόύϋΰώ", strict=True)), 0x07D2: "Σ", 0x07F2: "σ", 0x07F3: "ς",
    0x13BC: "Œ", 0x13BD: "œ", 0x13BE: "Ÿ", 0x20AC: "€", 0x0AA9: "—", 0x0AAA: "–", 0x0AD0: "‘", 0x0AD1: "’", 0x0AD2: "“", 0x0AD3: "”",
    0x0AFD: "‚", 0x0AFE: "„", 0x0AC9: "™", 0x0AAE: "…",
    0xFF80: " ", 0xFFBD: "=", **dict(zip(range(0xFFAA, 0xFFB0), "*+,-./", strict=True)),
    **{0xFFB0 + digit: str(digit) for digit in range(10)},
    # what dead keys show by themselves: systems elsewhere compose in their own way
    0xFE50: "`", 0xFE51: "´", 0xFE52: "^", 0xFE53: "~", 0xFE57: "¨", 0xFE58: "°", 0xFE5B: "¸",
}  # fmt: skip


def character_of(keysym: int) -> str | None:
    """The character that the symbol writes; None for keys that write none (Return and Tab too, which are keys everywhere)."""
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    if 0x01000100 <= keysym <= 0x0110FFFF:
        character = chr(keysym & 0xFFFFFF)
        return character if character.isprintable() else None
    known = _OTHERS.get(keysym)
    if known is not None:
        return known
    name = _SETS.get(keysym >> 8)
    if name is None or keysym & 0xFF < 0xA1:
        return None
    try:
        return bytes([keysym & 0xFF]).decode(name)
    except UnicodeDecodeError:
        return None
