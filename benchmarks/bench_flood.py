"""SIP requests answered per second: an OPTIONS flood on one core while a call runs on the same process; sipp where it is installed.

The rate is found by keeping a number of requests open, so that the sender is never far ahead of the answers.
"""

from __future__ import annotations

import csv
import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np

from benchmarks.bench_spacing import spacing
from benchmarks.figure import Figure
from benchmarks.peer import ScriptedPeer
from benchmarks.programs import CallerProcess, folder, free_port, options_request, settings, speech

SECONDS = 5.0
#: Requests that are open at a time.
WINDOW = 40

SCENARIO = """<?xml version="1.0" encoding="us-ascii"?>
<scenario name="OPTIONS">
  <send retrans="500"><![CDATA[
OPTIONS sip:echo@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: <sip:bench@[local_ip]:[local_port]>;tag=[pid]b[call_number]
To: <sip:echo@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Contact: <sip:bench@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"""


def run() -> list[Figure]:
    """The rate, and what the flood did to the call's packets."""
    with folder() as directory, ScriptedPeer() as peer, CallerProcess(settings()) as caller:
        caller.do("call", port=peer.port, count=1, speech=str(speech(directory / "speech.wav")))
        port = caller.do("port")["udp"]
        first = len(peer.arrivals)
        figures = _sipp(directory, port) if shutil.which("sipp") else _own(port)
        arrivals = peer.arrivals[first:]
        caller.do("end")
        caller.close()
    errors, lost = spacing(arrivals)
    return [
        *figures,
        Figure("rtp_spacing_p99_during_flood", float(np.percentile(errors, 99)), "ms"),
        Figure("rtp_lost_during_flood", lost, "packets"),
    ]


def _sipp(directory: Path, port: int) -> list[Figure]:
    (directory / "options.xml").write_text(SCENARIO)
    command = ["sipp", "-sf", "options.xml", f"127.0.0.1:{port}", "-i", "127.0.0.1", "-p", str(free_port()), "-t", "u1", "-nostdin",
               "-r", "20000", "-l", str(WINDOW), "-timeout", f"{SECONDS:.0f}s", "-trace_stat", "-stf", "stat.csv", "-fd", "1"]  # fmt: skip
    subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False
    )
    with (directory / "stat.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    # without the first and the last second: the sender starts and stops in them
    rates = [float(row["CallRate(P)"]) for row in rows[1:-1]]
    return [
        Figure("sip_options_answered", float(np.median(rates)), "1/s"),
        Figure("sip_options_failed", float(rows[-1]["FailedCall(C)"]), "requests"),
    ]


def _own(port: int) -> list[Figure]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.connect(("127.0.0.1", port))
        sender.settimeout(1.0)
        own = sender.getsockname()[1]
        for number in range(WINDOW):
            sender.send(options_request(port, own, number))
        answered, begin = 0, time.monotonic()
        while time.monotonic() < begin + SECONDS:
            if sender.recv(65536).startswith(b"SIP/2.0 200"):
                answered += 1
            sender.send(options_request(port, own, WINDOW + answered))
        return [Figure("sip_options_answered", answered / (time.monotonic() - begin), "1/s")]
