"""The checker of orders itself: it must find what is out of order, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from support.session_order import SessionOrder

from blinkq.base.notification import Notification, NotificationCenter, NotificationData

OUT = "SIPSessionNewOutgoing"
START = [OUT, "SIPSessionWillStart", ("SIPSessionDidStart", {"streams": [1]})]
END = [("SIPSessionWillEnd", {"originator": "remote"}), "SIPSessionDidEnd"]


def proposal(name: str, who: str = "local", **data: Any) -> tuple[str, dict[str, Any]]:
    return f"SIPSession{name}", {"originator": who, "streams": [1], "proposed_streams": [1], "code": 488, **data}


def told(*notifications: Any) -> SessionOrder:
    order, sender = SessionOrder(), object()
    for each in notifications:
        name, data = each if isinstance(each, tuple) else (each, {})
        order.handle_notification(Notification(name, sender, NotificationData(**data), NotificationCenter()))
    return order


@pytest.mark.parametrize(
    "story",
    [
        [*START, *END],
        [OUT, "SIPSessionGotRingIndication", "SIPSessionDidFail"],
        [*START, proposal("GotProposal"), proposal("GotRejectProposal"), *END],
        [*START, proposal("GotProposal"), ("SIPSessionWillEnd", {"originator": "local"}), "SIPSessionDidEnd"],
        [*START, "SIPSessionTransferNewOutgoing", "SIPSessionTransferDidStart", "SIPSessionTransferDidEnd", *END],
        ["MediaStreamDidInitialize", "MediaStreamDidStart", "MediaStreamWillEnd", "MediaStreamDidEnd"],
        ["MediaStreamDidNotInitialize", "MediaStreamWillEnd", "MediaStreamDidEnd"],
    ],
)
def test_what_is_in_order(story: list[Any]) -> None:
    told(*story).check(finished=True)


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        (["SIPSessionWillStart"], "before the beginning"),
        ([*START, OUT], "no end"),
        ([OUT, ("SIPSessionDidStart", {"streams": [1]})], "without WillStart"),
        ([OUT, "SIPSessionWillStart", ("SIPSessionDidStart", {"streams": []})], "without streams"),
        ([OUT, "SIPSessionWillStart", "SIPSessionWillStart"], "told more than once"),
        ([*START, "SIPSessionDidFail"], "it had started"),
        ([OUT, *END], "it has not started"),
        ([*START, "SIPSessionDidEnd"], "without DidStart and WillEnd"),
        ([*START, *END, "SIPSessionDidProcessTransaction"], "after the end"),
        ([*START, *END, "SIPSessionDidEnd"], "after the end"),
        (START, "it has no end"),
        ([*START, "SIPSessionGotRingIndication"], "nothing of ours is being offered"),
        ([*START, proposal("GotProposal"), proposal("GotProposal", "remote")], "a proposal of local is open"),
        ([*START, proposal("GotAcceptProposal")], "no proposal of local is open"),
        ([*START, proposal("GotProposal", "remote"), proposal("GotAcceptProposal")], "no proposal of local is open"),
        ([*START, proposal("GotProposal"), *END], "the proposal of local has no outcome"),
        ([*START, ("SIPSessionDidRenegotiateStreams", {"action": "add", "added_streams": [], "removed_streams": []})], "nothing was"),
        ([*START, "SIPSessionTransferGotProgress"], "there is no transfer"),
        ([*START, "SIPSessionTransferNewOutgoing", *END], "the transfer has no outcome"),
        ([*START, ("SIPSessionDidChangeHoldState", {"originator": "local", "on_hold": False, "partial": False})], "it was so before"),
        (["MediaStreamDidStart"], "not initialised"),
        (["MediaStreamDidInitialize", "MediaStreamDidInitialize"], "told more than once"),
        (["MediaStreamDidInitialize", "MediaStreamWillEnd", "MediaStreamDidStart"], "it is ending"),
        (["MediaStreamDidInitialize", "MediaStreamWillEnd", "MediaStreamDidEnd", "MediaStreamDidFail"], "after the end"),
        (["MediaStreamDidInitialize", "MediaStreamDidEnd"], "without WillEnd"),
        (["MediaStreamDidInitialize", "MediaStreamWillEnd"], "it has no end"),
    ],
)
def test_what_is_out_of_order(story: list[Any], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        told(*story).check(finished=True)
