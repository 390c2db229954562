"""Key symbols of X11 and the characters they write."""

from __future__ import annotations

import pytest

from blinkq.engine.screen.keys import character_of


@pytest.mark.parametrize(
    ("keysym", "character"),
    [
        (0x61, "a"), (0xE9, "é"), (0x010020AC, "€"), (0x0101F600, "\U0001F600"), (0x20AC, "€"), (0x1B1, "ą"), (0x6C1, "а"), (0x6A3, "ё"),
        (0x6DE, "ч"), (0x7E1, "α"), (0x7B1, "ά"), (0x7D2, "Σ"), (0x7F3, "ς"), (0xCE0, "א"), (0xDA1, "ก"), (0x4B1, "\uff71"), (0xFFB7, "7"),
        (0xFFAF, "/"), (0x5C7, "ا"), (0x13BD, "œ"), (0xFE51, "´"),
        (0xFF0D, None), (0xFFE1, None), (0x01000007, None), (0x0110FFFF + 1, None), (0x3E8000, None), (0x1008FF11, None), (0, None),
        (0xFFFFFFFF, None), (0x180, None), (0x0100D800, None),
    ],
)  # fmt: skip
def test_what_a_symbol_writes(keysym: int, character: str | None) -> None:
    assert character_of(keysym) == character
