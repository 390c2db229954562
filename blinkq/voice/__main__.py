"""``python -m blinkq.voice``: the media process on standard input and output."""

from __future__ import annotations

import gc
import os

if __name__ == "__main__":
    # Both must be said before numpy is imported: its thread pool takes 50 ms to start and would only compete with the clock thread,
    # and a collection in the middle of the imports finds nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    from blinkq.voice.process import main

    raise SystemExit(main())
