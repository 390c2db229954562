"""The example of each page of the middleware's reference runs as it stands, and prints what it says at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "docs" / "middleware" / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_example_prints_what_it_says(path: Path) -> None:
    wanted = path.read_text("utf-8").partition("# prints:\n")[2]
    assert wanted, "an example says at its end what it prints"
    command = [sys.executable, "-W", "error", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(line.removeprefix("# ") + "\n" for line in wanted.splitlines())
    assert done.stderr == ""
