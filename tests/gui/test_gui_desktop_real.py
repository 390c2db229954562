"""The window of a desktop over the real middleware, and ``blinkq echo`` in a process of its own, over TLS."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "support" / "desktop_windows.py"


def test_the_window_shows_the_test_screen(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["stages"][-3:] == ["waiting", "shown", "over"]
    assert result["title"].startswith("echo@127.0.0.1")
    assert len(result["bars"]) == 8
    assert "Traceback" not in done.stderr
