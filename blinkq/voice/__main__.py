"""``python -m blinkq.voice``: the media process on standard input and output."""

from __future__ import annotations

from blinkq.voice.process import main

if __name__ == "__main__":
    raise SystemExit(main())
