"""What only the polled UDP socket promises; ``test_engine_network.py`` holds it to the rest."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from blinkq.engine.network import Address
from blinkq.engine.polled_udp import MAX_AT_ONCE, PolledUDPSocket

HERE = "127.0.0.1"


class Ear:
    """Hears datagrams."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[object] = asyncio.Queue()

    def datagram_received(self, data: bytes, remote: Address) -> None:
        self.heard.put_nowait(data)
        if data == b"upset":
            raise ValueError("a fault of ours")

    def datagram_failed(self, remote: Address, error: str) -> None:
        self.heard.put_nowait((remote, error))


class WindowsSocket(socket.socket):
    """Reports on the reading side that an earlier datagram was refused, as Windows does."""

    refusals = 3

    def recvfrom(self, *args: Any) -> Any:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionResetError(10054, "an existing connection was forcibly closed by the remote host")
        return super().recvfrom(*args)


def bound() -> socket.socket:
    sock = WindowsSocket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((HERE, 0))
    return sock


def play(body: Callable[[PolledUDPSocket, Ear], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        ear = Ear()
        polled = PolledUDPSocket(bound(), ear, asyncio.get_running_loop())
        try:
            async with asyncio.timeout(10):
                await body(polled, ear)
        finally:
            polled.close()

    asyncio.run(main())


def test_a_refused_datagram_does_not_deafen() -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        polled.send(b"to myself", polled.local)
        assert await ear.heard.get() == b"to myself"

    play(body)


def test_a_burst_arrives_whole_and_in_order() -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        burst = [bytes([number]) for number in range(3 * MAX_AT_ONCE)]
        for data in burst:
            polled.send(data, polled.local)
        assert [await ear.heard.get() for _ in burst] == burst

    play(body)


def test_what_cannot_be_sent_is_told_with_its_address() -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        polled.send(b"shout", ("255.255.255.255", 5060))  # broadcasts are not allowed
        assert ear.heard.empty()
        remote, error = await ear.heard.get()  # type: ignore[misc]  # this one is a pair
        assert remote == ("255.255.255.255", 5060)
        assert "Not allowed" in error

    play(body)


def test_a_fault_of_the_hearer_does_not_deafen() -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context["exception"]))
        polled.send(b"upset", polled.local)
        polled.send(b"calm", polled.local)
        assert [await ear.heard.get(), await ear.heard.get()] == [b"upset", b"calm"]
        assert [type(fault) for fault in faults] == [ValueError]

    play(body)


def test_closing_frees_the_port_at_once_whatever_waits() -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        polled.send(b"never heard", polled.local)
        polled.close()
        polled.close()
        polled.send(b"too late", polled.local)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(polled.local)
        await asyncio.sleep(0)
        assert ear.heard.empty()

    play(body)


@pytest.mark.parametrize("times", range(20))
def test_closing_never_waits_for_the_loop(times: int) -> None:
    async def body(polled: PolledUDPSocket, ear: Ear) -> None:
        for _ in range(times):
            polled.send(b"x", polled.local)

    play(body)
