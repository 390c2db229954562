"""What calls cost: processor time of application and media process together, per call and side, speech both ways, no sound devices.

The other side is `blinkq echo`, and baresip where it is installed; its processor time is taken in the same seconds as ours.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.machine import family, processor, resident_memory
from benchmarks.programs import CallerProcess, baresip, echo, folder, settings, speech

#: Seconds that calls run before, and while, processor time is taken.
SETTLE, MEASURE = 1.5, 6.0


def run() -> list[Figure]:
    """One PCMU call, ten, one Opus call; then the same towards baresip."""
    with folder() as directory:
        voice = speech(directory / "speech.wav")
        figures = [
            *_against_echo(directory, voice, "PCMU", 1),
            *_against_echo(directory, voice, "PCMU", 10),
            *_against_echo(directory, voice, "opus", 1),
        ]
        if shutil.which("baresip"):
            speech(voice, times=10)  # baresip speaks a file once
            for codec, name in (("PCMU", "PCMU/8000/1"), ("opus", "opus/48000/2")):
                figures += _against_baresip(directory, voice, codec, name)
    return figures


def _against_echo(directory: Path, voice: Path, codec: str, count: int) -> list[Figure]:
    with echo(directory / "echo", codecs=codec, greeting=voice) as (port, _), CallerProcess(settings(codecs=codec)) as caller:
        caller.do("call", port=port, count=count, speech=str(voice))
        ours = caller.pids
        (used,) = _measure(ours)
        figures = [Figure(f"cpu_{codec.lower()}_{count}", used / count, "%")]
        if count == 10:
            figures.append(Figure("memory_10_calls", resident_memory(ours), "MB"))
        caller.do("end")
        caller.close()
    return figures


def _against_baresip(directory: Path, voice: Path, codec: str, name: str) -> list[Figure]:
    place = directory / f"baresip-{codec}"
    place.mkdir()
    with baresip(place, voice, name) as (port, pid), CallerProcess(settings(codecs=codec)) as caller:
        caller.do("call", port=port, count=1, speech=str(voice))
        ours, theirs = _measure(caller.pids, family(pid))
        caller.do("end")
        caller.close()
    name = codec.lower()
    return [Figure(f"cpu_{name}_1_towards_baresip", ours, "%"), Figure(f"cpu_{name}_1_of_baresip", theirs, "%")]


def _measure(*groups: list[int]) -> list[float]:
    """Percent of a core that each group of processes uses."""
    time.sleep(SETTLE)
    before, begin = [processor(pids) for pids in groups], time.monotonic()
    time.sleep(MEASURE)
    elapsed = time.monotonic() - begin
    return [(processor(pids) - used) / elapsed * 100 for pids, used in zip(groups, before, strict=True)]
