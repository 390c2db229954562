"""What the operating system knows: processor time and memory of processes, and how busy the machine is with other things. Linux only."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["LoadMeter", "describe", "family", "private_memory", "processor", "reference_loop", "resident_memory"]

_TICKS = os.sysconf("SC_CLK_TCK")
#: Kilobytes of the kernel in a megabyte of ours.
_MEGABYTE = 1e6 / 1024


def describe() -> str:
    """The machine in a few words, without its name."""
    models = [text.partition(":")[2].strip() for text in Path("/proc/cpuinfo").read_text().splitlines() if text.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def processor(pids: Iterable[int]) -> float:
    """Seconds of processor time that the processes have used."""
    return sum(_processor(pid) for pid in pids)


def _processor(pid: int) -> float:
    fields = _stat(pid)
    # the scheduler's own account is exact to the nanosecond, where there is one; ticks are 10 ms
    nanoseconds = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        nanoseconds += int(path.read_text().split()[0])
    return nanoseconds / 1e9 or (int(fields[11]) + int(fields[12])) / _TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def resident_memory(pids: Iterable[int]) -> float:
    """Resident memory in MB; what processes share is counted in each."""
    return sum(_rollup(pid, "Rss:") for pid in pids)


def private_memory(pids: Iterable[int]) -> float:
    """Proportional memory in MB; what processes share is divided among them."""
    return sum(_rollup(pid, "Pss:") for pid in pids)


def _rollup(pid: int, field: str) -> float:
    for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if text.startswith(field):
            return int(text.split()[1]) / _MEGABYTE
    return 0.0


def reference_loop() -> float:
    """Milliseconds of processor time of some work that is always the same: how fast the machine is just now. Others slow it down, too."""
    begin = time.thread_time()
    for _ in range(20):
        sum(number * number for number in range(10_000))
    return (time.thread_time() - begin) * 1000


class LoadMeter:
    """How much processor time others used while we measured."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._all, self._ours = _busy(), _own()

    def others(self) -> float:
        """Cores that were busy, on average, with what is not part of the measurement."""
        elapsed = time.monotonic() - self._begin
        return max(0.0, (_busy() - self._all - (_own() - self._ours)) / elapsed) if elapsed else 0.0


def _busy() -> float:
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / _TICKS


def _own() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
