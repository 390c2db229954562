"""Finding the media process of a BlinkQ that runs."""

from __future__ import annotations

from pathlib import Path

__all__ = ["media_process"]


def media_process(parent: int) -> int:
    """The pid of the media process that belongs to the BlinkQ process ``parent``."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status = (path / "stat").read_text().rpartition(")")[2].split()
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if int(status[1]) == parent and b"blinkq.voice" in command:
            return int(path.name)
    raise AssertionError("no media process")
