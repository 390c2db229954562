"""How long BlinkQ takes to start, how much memory it holds, what it costs while nothing happens; accounts register at a scripted peer."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure
from benchmarks.machine import family, private_memory, processor, resident_memory
from benchmarks.peer import ScriptedPeer
from benchmarks.programs import CallerProcess, folder, settings, window
from blinkq.sipsimple.configuration.backend.file import FileBackend

STARTS = 5
ACCOUNTS = 5
#: Seconds after the last registration until nothing of the start is going on any more, and those in which processor time is taken.
SETTLE, IDLE = 2.0, 10.0


def run() -> list[Figure]:
    """Start, memory and idle processor time, without windows and with them."""
    return [*_application(), *_windows()]


def quick() -> list[Figure]:
    """Start and memory without windows."""
    return _application(measure_idle=False)


def _application(*, measure_idle: bool = True) -> list[Figure]:
    starts = []
    for _ in range(STARTS):
        with CallerProcess(settings()) as caller:
            starts.append(caller.start_time)
            caller.close()
    figures = [Figure("start_application", median(starts), "s"), Figure("start_application_best", min(starts), "s")]
    with ScriptedPeer() as peer, CallerProcess(settings(proxy_port=peer.port, accounts=1)) as caller:
        peer.wait_registered(1)
        time.sleep(SETTLE)
        figures += _memory("application", caller.pids)
        if measure_idle:
            figures.append(_idle("cpu_idle_registered", caller.pids))
        caller.close()
    return figures


def _windows() -> list[Figure]:
    moments: list[dict[str, float]] = []
    with folder() as directory, ScriptedPeer() as peer:
        for number in range(STARTS):
            config = directory / str(number)
            _write_settings(config, peer.port)
            expected = peer.registered + ACCOUNTS
            with window(config) as (process, times):
                moments.append(times)
                peer.wait_registered(expected)
                if number == STARTS - 1:
                    time.sleep(SETTLE)
                    pids = family(process.pid)
                    figures = [*_memory("windows", pids), _idle("cpu_idle_windows", pids)]
    return [
        Figure("start_window_shown", median(times["window"] for times in moments), "s"),
        Figure("start_window", median(max(times.values()) for times in moments), "s"),
        Figure("start_window_best", min(max(times.values()) for times in moments), "s"),
        *figures,
    ]


def _write_settings(config: Path, port: int) -> None:
    config.mkdir()
    backend = FileBackend(str(config / "config"))
    backend.save(settings(proxy_port=port, accounts=ACCOUNTS))
    backend.close()


def _memory(name: str, pids: list[int]) -> list[Figure]:
    return [
        Figure(f"memory_{name}", resident_memory(pids), "MB"),
        Figure(f"memory_{name}_shared_once", private_memory(pids), "MB"),
    ]


def _idle(name: str, pids: list[int]) -> Figure:
    before, begin = processor(pids), time.monotonic()
    time.sleep(IDLE)
    return Figure(name, (processor(pids) - before) / (time.monotonic() - begin) * 100, "%")
