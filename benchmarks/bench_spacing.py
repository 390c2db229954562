"""How evenly RTP leaves while the application's main thread, where the windows live, computes for 300 ms of every second."""

from __future__ import annotations

import numpy as np

from benchmarks.figure import Figure
from benchmarks.peer import ScriptedPeer
from benchmarks.programs import CallerProcess, folder, settings, speech

SECONDS, BUSY = 10.0, 0.3
PACKET = 0.020


def run() -> list[Figure]:
    """Spacing and losses of one PCMU call, seen by a peer whose kernel stamps arrivals."""
    with folder() as directory, ScriptedPeer() as peer, CallerProcess(settings()) as caller:
        caller.do("call", port=peer.port, count=1, speech=str(speech(directory / "speech.wav")))
        caller.do("hog", seconds=1.0, busy=BUSY)
        first = len(peer.arrivals)
        caller.do("hog", seconds=SECONDS, busy=BUSY)
        arrivals = peer.arrivals[first:]
        caller.do("end")
        caller.close()
    errors, lost = spacing(arrivals)
    return [
        Figure("rtp_spacing_p50_busy_gui", float(np.percentile(errors, 50)), "ms"),
        Figure("rtp_spacing_p99_busy_gui", float(np.percentile(errors, 99)), "ms"),
        Figure("rtp_spacing_worst_busy_gui", float(errors.max()), "ms"),
        Figure("rtp_lost_busy_gui", lost, "packets"),
    ]


def spacing(arrivals: list[tuple[float, int]]) -> tuple[np.ndarray, int]:
    """How far each distance between packets is from 20 ms, in ms; and how many packets are missing."""
    times = np.array([moment for moment, _ in arrivals])
    numbers = np.unwrap(np.array([number for _, number in arrivals], dtype=float), period=65536)
    lost = int(numbers.max() - numbers.min()) + 1 - len(arrivals)
    return np.abs(np.diff(times) - PACKET) * 1000, lost
