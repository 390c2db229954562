"""BlinkQ as a whole: starts with the real middleware, tells when it runs, ends in order, leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Quits as soon as everything runs. A process of its own: a middleware can be started once in each.
PROGRAM = """
import sys
from pathlib import Path
from blinkq.app.main import Application, StartOptions, run

started = []

class Watched(Application):
    def _NH_SIPApplicationDidStart(self, notification):
        super()._NH_SIPApplicationDidStart(notification)
        started.append(self.window.isVisible())
        self.quit()

import blinkq.app.main
blinkq.app.main.Application = Watched
status = run(StartOptions(config_dir=Path(sys.argv[1])))
print("visible when started:", started, "status:", status)
"""


def start(config_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(config_dir)], capture_output=True, text=True, timeout=60, env=environment, check=False
    )


def test_first_start_and_orderly_end(tmp_path: Path) -> None:
    done = start(tmp_path / "config")
    assert done.returncode == 0, done.stderr
    assert "visible when started: [True] status: 0" in done.stdout
    assert "Traceback" not in done.stderr
    assert (tmp_path / "config" / "history.sqlite").exists()
    assert (tmp_path / "config").stat().st_mode & 0o077 == 0


def test_a_broken_settings_file_is_kept_and_told(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "config").write_text("this is = = no settings file\n  }{\n")
    done = start(config)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert any("this is = = no" in path.read_text(errors="replace") for path in config.iterdir() if path.is_file())
