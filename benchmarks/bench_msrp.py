"""Chats and files between two processes over loopback: how soon a message is delivered, how fast a file goes, and both at once."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from benchmarks.figure import Figure
from benchmarks.programs import CallerProcess, folder, settings

MEBIBYTE = 1 << 20
FILE = 200 * MEBIBYTE
#: The file that goes while messages do, and how many of these there are each way.
LARGE_FILE, MESSAGES = 1024 * MEBIBYTE, 1000
CHATS, IN_EACH = 10, 30


def run() -> list[Figure]:
    """Everything; about half a minute."""
    return [*_figures(), *_storm(LARGE_FILE)]


def quick() -> list[Figure]:
    """The same with a smaller file beside the messages."""
    return [*_figures(), *_storm(64 * MEBIBYTE)]


def _figures() -> list[Figure]:
    figures = []
    for transport in ("tcp", "tls"):
        with folder() as directory, ExitStack() as stack:
            ours, _theirs, port = _pair(stack, directory, transport)
            source = _file(directory / "source.bin", FILE)
            if transport == "tls":
                times = ours.do("chats", port=port, count=CHATS, messages=IN_EACH)
                figures += [
                    Figure("chat_setup", median(times["setups"]) * 1000, "ms"),
                    Figure("chat_delivery", median(times["reports"]) * 1000, "ms"),
                    Figure("chat_delivery_p99", quantiles(times["reports"], n=100)[-1] * 1000, "ms"),
                ]
            sent = ours.do("file", limit=120, port=port, path=str(source))
            figures += [
                Figure(f"file_{transport}", FILE / MEBIBYTE / sent["seconds"], "MiB/s"),
                Figure(f"file_{transport}_sender_growth", sent["grown"], "MB"),
            ]
    return figures


def _storm(size: int) -> list[Figure]:
    with folder() as directory, ExitStack() as stack:
        ours, theirs, port = _pair(stack, directory, "tls")
        source = _file(directory / "source.bin", size)
        result = ours.do("storm", limit=300, port=port, path=str(source), messages=MESSAGES)
        places = (ours, source), (theirs, directory / "in" / "source.bin")
        hashes = [party.do("hash", limit=60, path=str(path))["sha256"] for party, path in places]
        if hashes[0] != hashes[1]:
            raise RuntimeError("the file arrived with another hash")
        if not result["in_order"]:
            raise RuntimeError("messages came back in another order, or not at all")
        return [
            Figure("chat_delivery_beside_file", median(result["times"]) * 1000, "ms"),
            Figure("chat_delivery_p99_beside_file", quantiles(result["times"], n=100)[-1] * 1000, "ms"),
            Figure("chat_messages_beside_file", result["during"], "messages"),
            Figure("file_beside_chat", size / MEBIBYTE / result["seconds"], "MiB/s"),
        ]


def _pair(stack: ExitStack, directory: Path, transport: str) -> tuple[CallerProcess, CallerProcess, int]:
    tree = settings()
    tree["SIPSimpleSettings"]["sip"]["accept_direct_calls"] = "true"
    theirs = stack.enter_context(CallerProcess(tree, "benchmarks.msrp_party"))
    ours = stack.enter_context(CallerProcess(settings(), "benchmarks.msrp_party"))
    theirs.do("serve", directory=str(directory / "in"), transport=transport)
    ours.do("use", transport=transport)
    return ours, theirs, theirs.do("port")["udp"]


def _file(path: Path, size: int) -> Path:
    block = os.urandom(MEBIBYTE)
    with path.open("wb") as file:
        for number in range(size // MEBIBYTE):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path
