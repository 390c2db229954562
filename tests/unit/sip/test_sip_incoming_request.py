"""Requests outside dialogs that the middleware answers: who asked for them gets them, once; all others are refused."""

from __future__ import annotations

import pytest
from support.sip_pair import Endpoint, ScriptedPeer, SIPNetwork

from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import AgentConfig
from blinkq.sip.events import RequestReceived
from blinkq.sip.usages.incoming_request import IncomingRequest


class Scene:
    def __init__(self, config: AgentConfig | None = None) -> None:
        self.network = SIPNetwork()
        self.bob = Endpoint(self.network, "10.0.0.2", "bob", 2, config)
        self.bob.agent.incoming_requests.add("MESSAGE")
        self.peer = ScriptedPeer(self.network, "10.0.0.3")

    def say(self, method: str = "MESSAGE", number: int = 1, **headers: str) -> None:
        values = {
            "Via": f"SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK{method}{number}",
            "From": "<sip:carol@example.test>;tag=c",
            "To": "<sip:bob@example.test>",
            "Call-ID": f"call{number}",
            "CSeq": f"1 {method}",
            "Content-Type": "text/plain",
        }
        values.update(headers)
        lines = [f"{method} sip:bob@10.0.0.2 SIP/2.0", *(f"{name}: {value}" for name, value in values.items()), "", "hello"]
        self.peer.say("\r\n".join(lines).encode(), ("10.0.0.2", 5060))
        self.network.run(0.1)

    def received(self) -> IncomingRequest:
        return self.bob.last(RequestReceived).request

    def codes(self, method: str = "MESSAGE") -> list[int]:
        return [response.code for response in self.peer.responses(method)]


def test_a_message_is_handed_up_and_answered_once() -> None:
    scene = Scene()
    scene.say()
    incoming = scene.received()
    assert (incoming.request.body, incoming.request.content_type, incoming.answered) == (b"hello", "text/plain", False)
    with pytest.raises(ValueError, match="180"):
        incoming.answer(180, now=scene.network.now)
    scene.bob.do(incoming.answer, 202, "Later", headers=(("X-A", "b"),), content_type="text/plain", body=b"thanks")
    scene.network.run(0.1)
    (response,) = scene.peer.responses("MESSAGE")
    assert (response.code, response.reason, response.headers.get("X-A"), response.body) == (202, "Later", "b", b"thanks")
    assert response.to.tag
    with pytest.raises(IllegalStateError, match="answered"):
        incoming.answer(200, now=scene.network.now)
    scene.say()  # a retransmission: the same answer, no second event
    assert scene.codes() == [202, 202]
    assert len(scene.bob.events) == 1
    scene.network.run(60)
    assert scene.bob.agent.deadline() is None


def test_what_nobody_answers_is_refused_in_time() -> None:
    scene = Scene()
    scene.say()
    scene.network.run(31)
    assert scene.codes() == [500]


def test_an_answer_whose_way_is_gone_is_no_error() -> None:
    scene = Scene()
    scene.say()
    incoming = scene.received()
    scene.bob.do(scene.bob.agent.flow_failed, incoming.flow, "gone")
    scene.bob.do(incoming.answer, 200)
    scene.network.run(0.1)
    assert scene.codes() == []


def test_methods_that_nobody_wants() -> None:
    scene = Scene()
    scene.bob.agent.incoming_requests.clear()
    scene.say()
    scene.say("PUBLISH")
    scene.say("INFO")
    assert (scene.codes(), scene.codes("PUBLISH"), scene.codes("INFO")) == ([405], [405], [481])
    assert scene.bob.events == []


def test_options_may_be_wanted_too() -> None:
    scene = Scene()
    scene.say("OPTIONS")
    assert scene.codes("OPTIONS") == [200]
    scene.bob.agent.incoming_requests.add("OPTIONS")
    scene.say("OPTIONS", number=2)
    assert scene.received().request.method == "OPTIONS"


def test_methods_that_somebody_wants() -> None:
    scene = Scene()
    scene.bob.agent.incoming_requests.add("PUBLISH")
    scene.say("PUBLISH")
    assert scene.received().request.method == "PUBLISH"


@pytest.mark.parametrize(
    ("event", "taken"), [("message-summary", True), ("message-summary;id=2", True), ("presence", False), ("@", False), (None, False)]
)
def test_a_notify_without_a_subscription_needs_a_taker(event: str | None, taken: bool) -> None:
    scene = Scene()
    scene.bob.agent.unsolicited_events.add("message-summary")
    scene.say("NOTIFY", **({} if event is None else {"Event": event}))
    assert len(scene.bob.events) == taken
    assert scene.codes("NOTIFY") == ([] if taken else [481])


def test_a_notify_is_never_taken_by_its_method_alone() -> None:
    scene = Scene()
    scene.bob.agent.incoming_requests.add("NOTIFY")
    scene.say("NOTIFY", Event="presence")
    assert scene.codes("NOTIFY") == [481]


def test_the_same_request_by_another_path() -> None:
    scene = Scene()
    scene.say()
    scene.say(Via="SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKother")
    assert scene.codes() == [482]


def test_a_flood_is_refused_without_state() -> None:
    scene = Scene(AgentConfig(invite_rate=1, invite_burst=3))
    for number in range(10):
        scene.say(number=number)
    assert len(scene.bob.events) < 6
    assert set(scene.codes()) == {503}
