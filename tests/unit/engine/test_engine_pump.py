"""The pump: outputs in order, no re-entrancy, one timer, faults contained."""

from __future__ import annotations

import asyncio

import pytest
from support.virtual_loop import VirtualClock, run

from blinkq.engine.pump import Pump


class EchoCore:
    """Puts out what it is told; its timers are a list of due times."""

    def __init__(self) -> None:
        self.outputs: list[object] = []
        self.timers: list[float] = []
        self.ticks: list[float] = []

    def say(self, *things: object, now: float) -> int:
        self.outputs.extend(things)
        return len(things)

    def fail(self, *, now: float) -> None:
        self.outputs.append("before the failure")
        raise ValueError("our misuse")

    def arm(self, delay: float, *, now: float) -> None:
        self.timers.append(now + delay)

    def disarm(self, *, now: float) -> None:
        self.timers.clear()

    def tick(self, now: float) -> None:
        self.ticks.append(now)
        self.outputs.extend(f"due {when:g}" for when in sorted(self.timers) if when <= now)
        self.timers = [when for when in self.timers if when > now]

    def deadline(self) -> float | None:
        return min(self.timers, default=None)

    def drain(self) -> list[object]:
        outputs, self.outputs = self.outputs, []
        return outputs


def test_outputs_come_in_order_and_results_are_returned() -> None:
    async def body() -> None:
        heard: list[object] = []
        loop = asyncio.get_running_loop()
        core = EchoCore()
        pump = Pump(core, VirtualClock(loop), loop, heard.append)
        assert pump.call("say", 1, 2, 3) == 3
        assert pump.call(core.say, 4) == 1
        assert heard == [1, 2, 3, 4]

    run(body())


def test_a_sink_that_calls_back_does_not_overtake() -> None:
    async def body() -> None:
        heard: list[object] = []
        loop = asyncio.get_running_loop()

        def sink(output: object) -> None:
            heard.append(output)
            if output == "a":
                assert pump.call("say", "x", "y") == 2
                heard.append("sink done")

        pump = Pump(EchoCore(), VirtualClock(loop), loop, sink)
        pump.call("say", "a", "b")
        assert heard == ["a", "sink done", "b", "x", "y"]

    run(body())


def test_the_timer_fires_at_the_deadline() -> None:
    async def body() -> None:
        heard: list[object] = []
        loop = asyncio.get_running_loop()
        core = EchoCore()
        pump = Pump(core, VirtualClock(loop), loop, heard.append)
        start = loop.time()
        pump.call("arm", 5.0)
        pump.call("arm", 0.5)
        pump.call("arm", 32.0)
        await asyncio.sleep(40)
        assert core.ticks == [start + 0.5, start + 5.0, start + 32.0]
        assert heard == [f"due {start + delay:g}" for delay in (0.5, 5.0, 32.0)]

    run(body())


def test_a_disarmed_timer_does_not_fire() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        core = EchoCore()
        pump = Pump(core, VirtualClock(loop), loop, lambda output: None)
        pump.call("arm", 1.0)
        pump.call("disarm")
        pump.call("arm", 3.0)
        await asyncio.sleep(2)
        assert core.ticks == []
        pump.close()
        pump.close()
        await asyncio.sleep(5)
        assert core.ticks == []

    run(body())


def test_our_misuse_raises_after_the_outputs_were_handed_on() -> None:
    async def body() -> None:
        heard: list[object] = []
        loop = asyncio.get_running_loop()
        pump = Pump(EchoCore(), VirtualClock(loop), loop, heard.append)
        with pytest.raises(ValueError, match="our misuse"):
            pump.call("fail")
        assert heard == ["before the failure"]

    run(body())


@pytest.mark.expect_warnings
def test_a_failing_sink_swallows_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        heard: list[object] = []
        loop = asyncio.get_running_loop()

        def sink(output: object) -> None:
            heard.append(output)
            if output == 1:
                raise RuntimeError("a fault of the handler")

        Pump(EchoCore(), VirtualClock(loop), loop, sink).call("say", 1, 2)
        assert heard == [1, 2]

    run(body())
    assert "a fault of the handler" in caplog.text
