"""The lines that a person (or a program) types into a command while it runs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

__all__ = ["read_lines"]

MAX_LINE = 4096  # bytes; longer lines are cut: nothing that we understand is that long


def read_lines(on_line: Callable[[str], None], on_end: Callable[[], None] | None = None) -> None:
    """Give every line of standard input to ``on_line``, in a thread of its own, until the input ends (then ``on_end`` is
    called there) or the process does.

    A command in the background of a terminal reads nothing: it would be stopped for trying.
    """
    try:
        descriptor = sys.stdin.fileno()
        foreground = not os.isatty(descriptor) or not hasattr(os, "tcgetpgrp") or os.tcgetpgrp(descriptor) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # there is no standard input
        return
    if foreground:
        threading.Thread(target=_read, args=(descriptor, on_line, on_end or _nothing), name="typed lines", daemon=True).start()


def _nothing() -> None:
    """Nobody wants to know that the input ended."""


def _read(descriptor: int, on_line: Callable[[str], None], on_end: Callable[[], None]) -> None:
    rest = b""
    # not through sys.stdin: a thread that waits there keeps the interpreter from ending
    while True:
        try:
            data = os.read(descriptor, MAX_LINE)
        except OSError:
            return
        if not data:
            if rest:
                on_line(rest.decode("utf-8", "replace").strip())
            on_end()
            return
        *lines, rest = (rest + data).split(b"\n")
        rest = rest[-MAX_LINE:]
        for line in lines:
            on_line(line[:MAX_LINE].decode("utf-8", "replace").strip())
