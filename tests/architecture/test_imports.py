"""Who may import whom: the table of ARCHITECTURE.md, checked over every module of the package.

A failing line names the module, the line and the import that crosses a wall.
"""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "blinkq"

PURE = {"base", "sdp", "sip", "payloads", "msrp", "rfb", "media"}
MAY_IMPORT: dict[str, set[str]] = {
    "base": set(),
    "sdp": {"base"},
    "sip": {"base", "sdp"},
    "payloads": {"base"},
    "msrp": {"base"},
    "rfb": {"base"},
    "media": {"base"},
    "voice": {"base", "media"},
    "engine": {"base", "sdp", "sip", "msrp", "rfb", "media"},
    "sipsimple": {"base", "sdp", "sip", "payloads", "msrp", "rfb", "media", "engine"},
    "qtbridge": {"base"},
    "app": {"base", "payloads", "rfb", "qtbridge", "sipsimple"},
    "cli": {"base", "rfb", "payloads", "sipsimple"},
    "compat": {"base", "msrp", "payloads", "sipsimple"},
}
# The doors that the table does not show: the bridge calls into the engine's loop; `blinkq` without arguments opens the windows.
EXCEPTIONS = {("qtbridge", "blinkq.engine.loop"), ("cli", "blinkq.app.main"), ("cli", "blinkq.app.demo"), ("compat", "blinkq.engine.loop"),
              ("compat", "blinkq.media.control")}  # fmt: skip
QT_ROOMS = {"qtbridge", "app"}
WIDGETS = {"PyQt6.QtWidgets", "PyQt6.QtGui"}
# What a pure room must not touch: waiting, sockets, processes, the clock and chance.
IMPURE = {"asyncio", "socket", "ssl", "select", "subprocess", "threading", "multiprocessing", "time", "random", "secrets", "uuid"}
OWNS_TIME_AND_CHANCE = {"blinkq/base/clock.py", "blinkq/base/notification.py"}


def imports(tree: ast.AST) -> list[tuple[int, str]]:
    """(line, module) of every absolute import in a module, ``from a import b`` counting as both a and a.b."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module))
            if node.module.startswith("blinkq") or node.module == "PyQt6":
                found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def violations(room: str, path: str, module: str) -> str | None:
    """Why ``module`` may not be imported in ``room``, or None."""
    parts = module.split(".")
    if parts[0] == "blinkq" and len(parts) > 1 and parts[1] in MAY_IMPORT and parts[1] != room:
        door = any(room == here and (module == there or module.startswith(f"{there}.")) for here, there in EXCEPTIONS)
        # `from blinkq.engine import loop` shows as blinkq.engine first; the finer name decides
        package_of_door = any(room == here and there.startswith(f"{module}.") for here, there in EXCEPTIONS)
        if parts[1] not in MAY_IMPORT[room] and not door and not package_of_door:
            return f"{room} may not import {parts[1]}"
    if parts[0] == "PyQt6" and room not in QT_ROOMS:
        return f"{room} may not import Qt"
    if module in WIDGETS and room != "app":
        return f"{room} may not import widgets"
    if room in PURE and parts[0] in IMPURE and path not in OWNS_TIME_AND_CHANCE:
        return f"{room} is pure: it may not import {parts[0]}"
    return None


def test_rooms_import_only_what_the_table_allows() -> None:
    wrong: list[str] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        relative = file.relative_to(PACKAGE)
        if len(relative.parts) < 2 or "forms" in relative.parts:
            continue
        path = f"blinkq/{relative.as_posix()}"
        for line, module in imports(ast.parse(file.read_text("utf-8"))):
            reason = violations(relative.parts[0], path, module)
            if reason:
                wrong.append(f"{path}:{line}: imports {module}: {reason}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_in_the_table() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(MAY_IMPORT)


def test_the_check_sees_what_it_should() -> None:
    assert violations("sip", "blinkq/sip/x.py", "asyncio")
    assert violations("sip", "blinkq/sip/x.py", "blinkq.media.rtp")
    assert violations("cli", "blinkq/cli/x.py", "PyQt6.QtCore")
    assert violations("qtbridge", "blinkq/qtbridge/x.py", "PyQt6.QtWidgets")
    assert violations("qtbridge", "blinkq/qtbridge/x.py", "blinkq.engine.pump")
    assert not violations("qtbridge", "blinkq/qtbridge/x.py", "blinkq.engine.loop")
