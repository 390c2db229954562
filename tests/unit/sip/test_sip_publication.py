"""Publications against a scripted server: entity tags, refreshes, changes, 412, 423 and the end."""

from __future__ import annotations

import pytest
from support.sip_pair import PASSWORD, Endpoint, ScriptedPeer, SIPNetwork
from support.sip_registrar import Registrar
from support.subscriptions import ALICE

from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import PublishParameters
from blinkq.sip.events import PublicationEnded, PublicationFailed, PublicationRefreshing, PublicationSucceeded
from blinkq.sip.message import Request
from blinkq.sip.usages.publication import Publication, PublicationState

Answer = tuple[int, tuple[tuple[str, str], ...]]


class Server(ScriptedPeer):
    """Gives every accepted PUBLISH another tag; `answers` come first, 0 is no answer."""

    def __init__(self, network: SIPNetwork) -> None:
        super().__init__(network, "10.0.0.9", type(self).serve)
        self.answers: list[Answer] = []
        self.tags = 0

    def serve(self, request: Request) -> None:  # type: ignore[override]  # it is used as the script of ScriptedPeer
        self.tags += 1
        code, headers = self.answers.pop(0) if self.answers else (200, (("SIP-ETag", f"e{self.tags}"),))
        if code:
            self.respond(request, code, headers=headers)


class Scene:
    def __init__(self, *answers: Answer, **options: object) -> None:
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.server = Server(self.network)
        self.server.answers = list(answers)
        self.publication = publish(self.alice, self.server, **options)
        self.network.run(0.1)

    def sent(self) -> list[tuple[str | None, str | None, bytes]]:
        """Expires, SIP-If-Match and body of each PUBLISH."""
        requests = self.server.requests("PUBLISH")
        return [(r.headers.get("Expires"), r.headers.get("SIP-If-Match"), r.body) for r in requests]


def publish(endpoint: Endpoint, server: ScriptedPeer, **options: object) -> Publication:
    values: dict[str, object] = {
        "request_uri": ALICE.uri,
        "from_": ALICE,
        "hop": endpoint.hop_to(server.address),
        "event": "presence",
        "content_type": "text/plain",
        "body": b"one",
    }
    values.update(options)
    return endpoint.do(endpoint.agent.publish, PublishParameters(**values))  # type: ignore[arg-type]  # a test's options


def test_publishes_refreshes_changes_and_removes() -> None:
    scene = Scene(expires=100)
    made = scene.publication
    assert (made.state, made.etag, made.expires) == (PublicationState.PUBLISHED, "e1", 100)
    (first,) = scene.server.requests("PUBLISH")
    assert (first.headers.get("Event"), first.content_type, str(first.uri)) == ("presence", "text/plain", "sip:alice@example.test")
    assert (first.to.tag, str(first.to)) == (None, str(ALICE))
    scene.network.run(71)
    assert len(scene.alice.of(PublicationRefreshing)) == 1
    scene.alice.do(made.publish, "text/plain", b"two")
    scene.network.run(0.1)
    scene.alice.do(made.end)
    scene.alice.do(made.end)
    scene.network.run(0.1)
    assert scene.sent() == [("100", None, b"one"), ("100", "e1", b""), ("100", "e2", b"two"), ("0", "e3", b"")]
    numbers = [request.cseq.number for request in scene.server.requests("PUBLISH")]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert (scene.alice.last(PublicationEnded).code, made.state, made.etag) == (200, PublicationState.ENDED, None)
    for command in (lambda: made.publish("a/b", b"", now=0), lambda: made.refresh(0)):
        with pytest.raises(IllegalStateError, match="ENDED"):
            command()
    scene.network.run(1000)
    assert scene.alice.names().count("PublicationEnded") == 1
    assert scene.alice.agent.deadline() is None


def test_412_asks_for_the_full_state() -> None:
    scene = Scene((200, (("SIP-ETag", "x"), ("Expires", "50"))), (412, ()))
    scene.network.run(26)
    event = scene.alice.last(PublicationFailed)
    assert (event.code, scene.publication.etag, scene.publication.state) == (412, None, PublicationState.FAILED)
    scene.alice.do(scene.publication.publish, "text/plain", b"full")
    scene.network.run(0.1)
    assert scene.sent()[-1] == ("3600", None, b"full")
    assert scene.publication.state is PublicationState.PUBLISHED


def test_after_412_also_a_refresh_carries_the_state() -> None:
    scene = Scene((200, (("SIP-ETag", "x"), ("Expires", "50"))), (412, ()))
    scene.network.run(26)
    scene.alice.do(scene.publication.refresh)
    scene.network.run(0.1)
    assert scene.sent()[-1] == ("3600", None, b"one")


def test_too_brief_is_answered_once() -> None:
    scene = Scene((423, (("Min-Expires", "600"),)), (423, (("Min-Expires", "900"),)), expires=10)
    assert [expires for expires, _, _ in scene.sent()] == ["10", "600"]
    assert scene.alice.last(PublicationFailed).min_expires == 900


@pytest.mark.parametrize("code", [403, 489, 503])
def test_a_refusal_is_reported_and_nothing_is_tried(code: int) -> None:
    scene = Scene((code, (("Retry-After", "9"),)))
    event = scene.alice.last(PublicationFailed)
    assert (event.code, event.retry_after) == (code, 9)
    scene.network.run(1000)
    assert len(scene.sent()) == 1
    scene.alice.do(scene.publication.end)
    assert scene.alice.last(PublicationEnded).code is None


def test_nobody_answers() -> None:
    scene = Scene((0, ()), *[(0, ())] * 20)
    scene.network.run(33)
    assert (scene.alice.last(PublicationFailed).code, scene.alice.last(PublicationFailed).response) == (408, None)


def test_the_caller_may_be_less_patient() -> None:
    scene = Scene(*[(0, ())] * 20, timeout=2.0)
    scene.network.run(2)
    assert scene.alice.last(PublicationFailed).code == 408


def test_one_publish_at_a_time_and_the_latest_state_counts() -> None:
    scene = Scene((0, ()))
    for body in (b"two", b"three"):
        scene.alice.do(scene.publication.publish, "text/plain", body)
    scene.alice.do(scene.publication.refresh)
    scene.server.answers = [(0, ())] * 20
    scene.network.run(4)
    assert {body for _, _, body in scene.sent()} == {b"one"}
    scene.server.answers = []
    scene.network.run(4)
    assert scene.sent()[-1] == ("3600", "e5", b"three")
    assert scene.alice.names() == ["PublicationSucceeded", "PublicationSucceeded"]


def test_after_a_failure_what_waits_is_tried() -> None:
    scene = Scene((0, ()))
    scene.alice.do(scene.publication.publish, "text/plain", b"two")
    scene.server.answers = [(500, ())]
    scene.network.run(2)
    assert scene.sent()[-1] == ("3600", None, b"two")
    assert scene.alice.names() == ["PublicationFailed", "PublicationSucceeded"]


@pytest.mark.parametrize(("code", "expected"), [(200, [None, "e"]), (500, [None])])
def test_ending_while_a_request_is_under_way(code: int, expected: list[str | None]) -> None:
    scene = Scene((0, ()))
    scene.alice.do(scene.publication.end)
    scene.server.answers = [(code, (("SIP-ETag", "e"),) if code == 200 else ())]
    scene.network.run(2)
    assert list(dict.fromkeys(match for _, match, _ in scene.sent())) == expected
    assert scene.alice.names() == ["PublicationEnded"]


def test_a_removal_that_nobody_answers_ends_too() -> None:
    scene = Scene()
    scene.server.answers = [(0, ())] * 20
    scene.alice.do(scene.publication.end)
    scene.network.run(33)
    assert scene.alice.last(PublicationEnded).code == 408


def test_abandoning_says_nothing() -> None:
    scene = Scene((0, ()))
    count = len(scene.sent())
    scene.alice.do(scene.publication.abandon)
    scene.alice.do(scene.publication.abandon)
    scene.network.run(60)
    assert len(scene.sent()) == count
    assert scene.alice.names() == ["PublicationEnded"]


def test_without_a_tag_the_whole_state_is_sent_again() -> None:
    scene = Scene((200, (("Expires", "100"),)))
    scene.network.run(71)
    assert scene.sent()[1] == ("3600", None, b"one")


def test_another_way_with_the_next_state() -> None:
    scene = Scene()
    other = Registrar(scene.network, "10.0.0.8")
    scene.alice.do(scene.publication.publish, "text/plain", b"two", hop=scene.alice.hop_to(other.address), route_set=(ALICE,))
    scene.network.run(0.1)
    (request,) = other.requests("PUBLISH")
    assert request.headers.get("SIP-If-Match") == "e1"
    assert len(scene.alice.of(PublicationSucceeded)) == 1


def test_the_server_gets_credentials_and_then_at_once() -> None:
    scene = Scene()
    registrar = Registrar(scene.network, "10.0.0.8")
    made = publish(scene.alice, registrar, credentials=PASSWORD)
    scene.network.run(0.2)
    scene.alice.do(made.refresh)
    scene.network.run(0.2)
    assert [("Authorization" in request.headers) for request in registrar.requests("PUBLISH")] == [False, True, True]
