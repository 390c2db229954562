"""How quickly calls start and end: the middleware calls `blinkq echo` over loopback, with audio, no sound devices, one call at a time."""

from __future__ import annotations

from statistics import median

from benchmarks.figure import Figure
from benchmarks.programs import CallerProcess, echo, folder, settings, speech

CALLS = 20


def run() -> list[Figure]:
    """``connect()`` to SIPSessionDidStart and ``end()`` to SIPSessionDidEnd, medians; and the end of the application."""
    with (
        folder() as directory,
        echo(directory, greeting=speech(directory / "speech.wav")) as (port, _),
        CallerProcess(settings()) as caller,
    ):
        times = caller.do("setups", port=port, count=CALLS)
        stop = caller.close()
    return [
        Figure("call_setup", median(times["starts"]) * 1000, "ms"),
        Figure("call_setup_worst", max(times["starts"]) * 1000, "ms"),
        Figure("call_end", median(times["ends"]) * 1000, "ms"),
        Figure("stop_application", stop, "s"),
    ]
