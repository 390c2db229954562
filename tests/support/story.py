"""Rows of the table of flows (tests/flows/rows.toml): what both ends of a call are told, as lines with all of their data.

    @row("refused")
    async def test_refused() -> Story:
        async with call_scene() as s:
            ...
            return tell(s, session, bob)

The test passes when the story is the row's, word by word.
"""

from __future__ import annotations

import enum
import functools
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.call_scene import CallScene, Peer
from support.virtual_loop import run

from blinkq.base.notification import Notification
from blinkq.sip.dialog import DialogID
from blinkq.sipsimple.headers import BaseIdentityHeader

__all__ = ["ROWS", "Story", "row", "tell"]

ROWS: dict[str, dict[str, Any]] = {
    entry["id"]: entry for entry in tomllib.loads((Path(__file__).parents[1] / "flows" / "rows.toml").read_text("utf-8"))["row"]
}

# What a bare peer's events say that is worth comparing.
_PEER_FIELDS = ("originator", "method", "code", "reason", "cause", "ack_received", "known")
_LONG = 70  # characters that are shown of a text


@dataclass
class Story:
    """ours: the notifications of our session; theirs: the events of the peer's agent."""

    ours: list[str]
    theirs: list[str]


def tell(s: CallScene, session: object, peer: Peer | None = None, *, since: str | None = None, told: int = 0) -> Story:
    """What was told so far; ``since`` leaves out what came before the first notification of that name, ``told`` the peer's first events."""
    lines = [_line(notification) for notification in s.recorder.seen if notification.sender is session]
    if since is not None:
        lines = lines[next(index for index, line in enumerate(lines) if line.split()[0] == since) :]
    return Story(lines, [] if peer is None else [_event(event) for event in peer.events[told:]])


def row(name: str) -> Callable[[Callable[..., Awaitable[Story]]], Callable[..., None]]:
    """Make a coroutine the test of a row."""

    def decorate(test: Callable[..., Awaitable[Story]]) -> Callable[..., None]:
        @functools.wraps(test)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            story: Story = run(test(*args, **kwargs))  # type: ignore[arg-type]  # a coroutine function gives coroutines
            assert story.ours == ROWS[name]["ours"]
            assert story.theirs == ROWS[name].get("theirs", [])

        wrapper.row = name  # type: ignore[attr-defined]  # for the test of the table
        return wrapper

    return decorate


def _line(notification: Notification) -> str:
    # a Contact that is a random name tells nothing
    data = {name: "..." if name == "request_uri" else value for name, value in vars(notification.data).items() if name != "timestamp"}
    fields = [f"{name}={_show(value)}" for name, value in sorted(data.items())]
    return " ".join([notification.name.removeprefix("SIPSession"), *fields])


def _event(event: Any) -> str:
    name = type(event).__name__
    if name in ("RequestAnswered", "RequestFailed"):
        return f"{name} method={event.request.request.method!r} code={event.code}"
    fields = [f"{key}={_show(getattr(event, key))}" for key in _PEER_FIELDS if getattr(event, key, None) is not None]
    return " ".join([name, *fields])


def _show(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(getattr(item, "type", None) or _show(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, DialogID):
        return "DialogID"
    if isinstance(value, BaseIdentityHeader):
        return str(value.uri)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, str):
        return repr(value if len(value) <= _LONG else value[:_LONG] + "...")
    return str(value)
