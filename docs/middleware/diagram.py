"""Draws the state diagrams of docs/state-machines.md as SVG: the site works without a network, and without scripts.

States stand in rows by their distance from the initial one; arrows are curves with their inputs beside them. It is no graph layout, but the
tables are small.
"""

from __future__ import annotations

import html
import re
from collections import deque

__all__ = ["draw"]

WIDTH, HEIGHT = 170, 34  # of a state
COLUMN, ROW = 230, 120  # distances of states
MARGIN = 40
MAX_WORDS = 34  # characters of inputs beside an arrow; all of them are in its title

_ARROW = re.compile(r"\s*(\S+) --> (\S+?)(?:: (.*))?$")


def draw(mermaid: str) -> str:
    """The SVG of a diagram in Mermaid's words, as docs/generate.py writes them. ValueError where a line is no arrow."""
    arrows: list[tuple[str, str, str]] = []
    for line in mermaid.strip().splitlines():
        if line.strip() == "stateDiagram-v2":
            continue
        match = _ARROW.fullmatch(line)
        if match is None:
            raise ValueError(f"not an arrow: {line!r}")
        arrows.append((match[1], match[2], match[3] or ""))
    initial = next(target for origin, target, _ in arrows if origin == "[*]")
    final = {origin for origin, target, _ in arrows if target == "[*]"}
    edges = [arrow for arrow in arrows if "[*]" not in arrow[:2]]
    places = _places(initial, edges)
    width = MARGIN * 2 + COLUMN * (max(x for x, _ in places.values()) + 1)
    height = MARGIN * 2 + ROW * max(y for _, y in places.values()) + HEIGHT
    parts = [
        f'<svg class="state-diagram" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8" /></marker></defs>',
    ]
    parts += [_edge(places, number, *edge) for number, edge in enumerate(edges)]
    parts += [_state(name, place, name == initial, name in final) for name, place in places.items()]
    return "\n".join([*parts, "</svg>"])


def _places(initial: str, edges: list[tuple[str, str, str]]) -> dict[str, tuple[float, int]]:
    rows: dict[str, int] = {initial: 0}
    queue = deque([initial])
    while queue:
        state = queue.popleft()
        for origin, target, _ in edges:
            if origin == state and target not in rows:
                rows[target] = rows[state] + 1
                queue.append(target)
    by_row: dict[int, list[str]] = {}
    for name, row in rows.items():
        by_row.setdefault(row, []).append(name)
    widest = max(len(names) for names in by_row.values())
    return {name: ((widest - len(names)) / 2 + index, row) for row, names in by_row.items() for index, name in enumerate(names)}


def _point(place: tuple[float, int]) -> tuple[float, float]:
    return MARGIN + COLUMN * place[0] + COLUMN / 2, MARGIN + ROW * place[1]


def _state(name: str, place: tuple[float, int], initial: bool, final: bool) -> str:
    x, y = _point(place)
    stroke = 3 if initial or final else 1
    dash = ' stroke-dasharray="6 3"' if final else ""
    return (
        f'<rect x="{x - WIDTH / 2:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" stroke-width="{stroke}"{dash} />'
        f'<text x="{x:.0f}" y="{y + HEIGHT / 2 + 4:.0f}">{html.escape(name)}</text>'
    )


def _edge(places: dict[str, tuple[float, int]], number: int, origin: str, target: str, words: str) -> str:
    (x1, y1), (x2, y2) = _point(places[origin]), _point(places[target])
    down = places[target][1] > places[origin][1]
    start, end = (y1 + HEIGHT, y2) if down else (y1, y2 + HEIGHT if places[target][1] < places[origin][1] else y2)
    # curves lean to one side, so that there and back again are two lines
    lean = 30 + 14 * (number % 4)
    bend = lean if down else -lean - 30
    middle_x, middle_y = (x1 + x2) / 2 + bend, (start + end) / 2 - (0 if down or places[target][1] < places[origin][1] else 45)
    short = words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 1] + "…"
    return (
        f'<g><title>{html.escape(f"{origin} → {target}: {words}")}</title>'
        f'<path d="M{x1:.0f},{start:.0f} Q{middle_x:.0f},{middle_y:.0f} {x2:.0f},{end:.0f}" marker-end="url(#tip)" />'
        f'<text class="input" x="{(x1 + x2) / 4 + middle_x / 2:.0f}" y="{(start + end) / 4 + middle_y / 2:.0f}">'
        f"{html.escape(short)}</text></g>"
    )
