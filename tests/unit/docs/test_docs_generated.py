"""The generated pages of the manual say what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    # a process of its own: other tests declare notifications and settings that are no part of the product
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_no_page_is_stale() -> None:
    done = generate("--check")
    assert done.returncode == 0, done.stderr


def test_every_state_table_is_drawn() -> None:
    page = (ROOT / "docs" / "state-machines.md").read_text("utf-8")
    modules = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "blinkq").rglob("*.py")
        if re.search(r"^TABLE\b.*= StateTable\(", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert modules
    assert [module for module in modules if f"(../{module})" not in page] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for page in (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "ARCHITECTURE.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_argument_and_setting_has_a_meaning() -> None:
    for name in ("command-line.md", "settings.md", "notifications.md"):
        page = (ROOT / "docs" / name).read_text("utf-8")
        assert re.findall(r"^\|.*\| *\|$", page, re.MULTILINE) == [], name
