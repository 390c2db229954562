"""Registrations against a scripted registrar: digest, refreshes, changed contacts, failures and the end."""

from __future__ import annotations

import pytest
from support.sip_pair import PASSWORD, Endpoint, SIPNetwork
from support.sip_registrar import Registrar

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import RegisterParameters
from blinkq.sip.digest import Credentials
from blinkq.sip.events import RegistrationEnded, RegistrationFailed, RegistrationRefreshing, RegistrationSucceeded
from blinkq.sip.hop import Flow
from blinkq.sip.uri import URI
from blinkq.sip.usages.registration import Registration, RegistrationState


class Scene:
    """Alice, a registrar, and her registration."""

    def __init__(self, transport: str = "udp", **options: object) -> None:
        self.network = SIPNetwork(transport)
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.registrar = Registrar(self.network)
        self.options = options

    def start(self, seconds: float = 1.0) -> Registration:
        values: dict[str, object] = {
            "registrar": URI(host="example.test"),
            "aor": NameAddr(URI(user="alice", host="example.test"), "Alice"),
            "contact": self.alice.contact,
            "hop": self.alice.hop_to(self.registrar.address),
            "credentials": PASSWORD,
        }
        values.update(self.options)
        parameters = RegisterParameters(**values)  # type: ignore[arg-type]  # a test's options
        self.registration = self.alice.agent.register(parameters, self.network.now)
        self.alice.pump()
        self.network.run(seconds)
        return self.registration

    def sent(self) -> int:
        return len(self.registrar.requests("REGISTER"))


def test_registers_with_digest_and_reports_the_binding() -> None:
    scene = Scene()
    registration = scene.start()
    event = scene.alice.last(RegistrationSucceeded)
    assert (event.registration, event.code, event.expires) == (registration, 200, 600)
    assert [str(c.uri) for c in event.contacts] == ["sip:alice@10.0.0.1:5060"]
    assert event.contact == scene.alice.contact
    first, second = scene.registrar.requests("REGISTER")
    assert first.call_id == second.call_id
    assert first.from_ == second.from_
    assert second.cseq.number == first.cseq.number + 1
    assert first.via.branch != second.via.branch
    assert "Authorization" not in first.headers
    assert str(first.uri) == "sip:example.test"
    assert registration.state is RegistrationState.REGISTERED
    assert registration.flow is not None


@pytest.mark.parametrize(("granted", "after"), [(600, 570), (60, 30), (40, 20), (100, 70), (1, 5), (0, 5)])
def test_refreshes_before_the_binding_expires(granted: int, after: float) -> None:
    scene = Scene()
    scene.registrar.granted = granted
    scene.start()
    count = scene.sent()
    scene.network.run(after - 1.5)
    assert scene.sent() == count
    scene.network.run(1.5)
    assert scene.sent() == count + 1
    assert len(scene.alice.of(RegistrationRefreshing)) == 1


def test_a_refresh_uses_the_known_nonce_with_the_next_count() -> None:
    scene = Scene()
    scene.start()
    scene.network.run(1200)
    assert scene.registrar.counts == ["00000001", "00000002", "00000003"]
    assert scene.sent() == 4
    assert len(scene.alice.of(RegistrationSucceeded)) == 3


def test_a_stale_nonce_is_replaced_without_asking_anybody() -> None:
    scene = Scene()
    scene.start()
    scene.registrar.nonce = 50
    scene.network.run(600)
    assert len(scene.alice.of(RegistrationSucceeded)) == 2
    assert not scene.alice.of(RegistrationFailed)
    assert scene.registrar.counts == ["00000001", "00000001"]


def test_a_server_that_finds_every_nonce_stale_is_given_up() -> None:
    scene = Scene()
    scene.registrar.always_stale = True
    scene.start(5)
    assert scene.alice.last(RegistrationFailed).code == 401
    assert scene.sent() <= 6


def test_a_wrong_password_fails_after_one_try() -> None:
    scene = Scene(credentials=Credentials("alice", "wrong"))
    scene.start()
    event = scene.alice.last(RegistrationFailed)
    assert (event.code, event.local, event.retry_after) == (401, False, None)
    assert event.response is not None
    assert scene.sent() == 2
    assert scene.registration.state is RegistrationState.FAILED
    scene.network.run(1000)
    assert scene.sent() == 2
    assert scene.alice.names() == ["RegistrationFailed"]


def test_without_credentials_the_challenge_is_the_answer() -> None:
    scene = Scene(credentials=None)
    scene.start()
    assert scene.alice.last(RegistrationFailed).code == 401
    assert scene.sent() == 1


@pytest.mark.parametrize(
    "challenge",
    ['Digest realm="x", nonce="y", algorithm=SHA3-999', "Digest broken", "Basic realm=x", 'Digest realm="other", nonce="y"'],
)
def test_a_challenge_that_cannot_be_answered_is_the_failure(challenge: str) -> None:
    scene = Scene(credentials=Credentials("alice", "secret", "example.test"))
    scene.registrar.canned = [(401, (("WWW-Authenticate", challenge),))]
    scene.start()
    assert scene.alice.last(RegistrationFailed).code == 401
    assert scene.sent() == 1


def test_a_server_that_makes_up_realms_is_given_up() -> None:
    scene = Scene()
    scene.registrar.canned = [
        (407, (("Proxy-Authenticate", f'Digest realm="r{n}", nonce="n"'),)) for n in range(20)
    ]
    scene.start()
    assert scene.alice.last(RegistrationFailed).code == 407
    assert scene.sent() <= 7


def test_proxy_and_registrar_are_both_answered() -> None:
    scene = Scene()
    scene.registrar.canned = [(407, (("Proxy-Authenticate", 'Digest realm="proxy", nonce="p"'),))]
    scene.start()
    assert scene.alice.last(RegistrationSucceeded).code == 200
    last = scene.registrar.requests("REGISTER")[-1]
    assert "Proxy-Authorization" in last.headers
    assert "Authorization" in last.headers


def test_an_interval_too_brief_is_lengthened_once() -> None:
    scene = Scene(expires=60)
    scene.registrar.min_expires = 1200
    scene.start()
    assert scene.alice.last(RegistrationSucceeded).expires == 1200
    assert scene.alice.names() == ["RegistrationSucceeded"]


@pytest.mark.parametrize("minimum", ["30", "99999999", "rubbish"])
def test_an_unreasonable_minimum_is_a_failure(minimum: str) -> None:
    scene = Scene(expires=60)
    scene.registrar.canned = [(423, (("Min-Expires", minimum),))]
    scene.start()
    event = scene.alice.last(RegistrationFailed)
    assert event.code == 423
    assert event.min_expires == (None if minimum == "rubbish" else int(minimum))


def test_a_refusal_says_when_to_come_back() -> None:
    scene = Scene()
    scene.registrar.canned = [(503, (("Retry-After", "120 (maintenance)"),))]
    scene.start()
    event = scene.alice.last(RegistrationFailed)
    assert (event.code, event.retry_after) == (503, 120)


def test_no_answer_is_a_local_408_and_refresh_tries_again() -> None:
    scene = Scene()
    scene.registrar.silent = True
    scene.start(40)
    event = scene.alice.last(RegistrationFailed)
    assert (event.code, event.local, event.response) == (408, True, None)
    scene.registrar.silent = False
    scene.alice.do(scene.registration.refresh)
    scene.network.run(1)
    assert scene.alice.names() == ["RegistrationFailed", "RegistrationSucceeded"]
    calls = {request.call_id for request in scene.registrar.requests("REGISTER")}
    assert len(calls) == 1


def test_the_binding_without_expires_takes_the_header_or_what_was_asked() -> None:
    scene = Scene(expires=300)
    scene.registrar.canned = [(200, (("Contact", "<sip:alice@10.0.0.1:5060>"), ("Expires", "200")))]
    scene.start()
    assert scene.alice.last(RegistrationSucceeded).expires == 200
    scene.registrar.canned = [(200, ())]
    scene.alice.do(scene.registration.refresh)
    scene.network.run(1)
    assert scene.alice.last(RegistrationSucceeded).expires == 300


def test_a_changed_contact_removes_the_old_binding() -> None:
    scene = Scene()
    scene.start()
    moved = NameAddr(URI(user="alice", host="192.0.2.1", port=5060))
    scene.alice.do(scene.registration.refresh, contact=moved)
    scene.network.run(1)
    assert list(scene.registrar.bindings) == ["sip:alice@192.0.2.1:5060"]
    assert scene.alice.last(RegistrationSucceeded).contact == moved
    scene.alice.do(scene.registration.refresh, contact=moved)
    scene.network.run(1)
    assert len(scene.registrar.requests("REGISTER")[-1].contacts) == 1


def test_a_refresh_while_one_is_pending_follows_it() -> None:
    scene = Scene()
    scene.start(0)
    scene.alice.do(scene.registration.refresh)
    scene.alice.do(scene.registration.refresh)
    scene.network.run(1)
    assert len(scene.alice.of(RegistrationSucceeded)) == 2
    scene.registrar.canned = [(500, ())]
    scene.alice.do(scene.registration.refresh)
    scene.alice.do(scene.registration.refresh)
    scene.network.run(1)
    assert scene.alice.names()[-2:] == ["RegistrationFailed", "RegistrationSucceeded"]


def test_the_end_removes_the_binding() -> None:
    scene = Scene()
    registration = scene.start()
    scene.alice.do(registration.end)
    scene.alice.do(registration.end)
    scene.network.run(1)
    assert scene.registrar.bindings == {}
    event = scene.alice.last(RegistrationEnded)
    assert (event.code, event.reason) == (200, "OK")
    assert len(scene.alice.of(RegistrationEnded)) == 1
    scene.network.run(10)
    assert scene.alice.agent.deadline() is None
    with pytest.raises(IllegalStateError):
        scene.alice.do(registration.refresh)


def test_the_end_waits_for_the_pending_answer() -> None:
    scene = Scene()
    registration = scene.start(0)
    scene.alice.do(registration.end)
    scene.network.run(1)
    assert scene.alice.names() == ["RegistrationEnded"]
    assert scene.registrar.bindings == {}


def test_the_end_of_a_registration_that_never_was() -> None:
    scene = Scene()
    scene.registrar.canned = [(403, ())]
    registration = scene.start(0)
    scene.alice.do(registration.end)
    scene.network.run(1)
    assert scene.alice.names() == ["RegistrationEnded"]
    assert scene.alice.last(RegistrationEnded).code is None
    assert scene.sent() == 1


def test_the_end_after_a_failure() -> None:
    scene = Scene()
    scene.registrar.canned = [(403, ())]
    registration = scene.start()
    scene.alice.do(registration.end)
    assert scene.alice.names() == ["RegistrationFailed", "RegistrationEnded"]


def test_the_end_that_nobody_answers() -> None:
    scene = Scene()
    registration = scene.start()
    scene.registrar.silent = True
    scene.alice.do(registration.end)
    scene.network.run(40)
    assert scene.alice.last(RegistrationEnded).code == 408


def test_a_broken_connection_is_reported_at_once() -> None:
    scene = Scene("tcp")
    registration = scene.start()
    flow = registration.flow
    assert flow is not None
    other = Flow("tcp", "10.0.0.1", 5060, "10.0.0.77", 5060, 9)
    scene.alice.do(scene.alice.agent.flow_failed, other, "connection closed")
    assert not scene.alice.of(RegistrationFailed)
    scene.alice.do(scene.alice.agent.flow_failed, flow, "connection closed")
    event = scene.alice.last(RegistrationFailed)
    assert (event.code, event.reason, event.local) == (503, "connection closed", True)
    scene.alice.do(scene.alice.agent.flow_failed, flow, "connection closed")
    assert len(scene.alice.of(RegistrationFailed)) == 1
    scene.alice.do(registration.refresh)
    scene.network.run(1)
    assert registration.state is RegistrationState.REGISTERED


def test_a_refused_connection_fails_the_request() -> None:
    scene = Scene("tcp")
    scene.registrar.silent = True
    scene.start()
    hop = scene.alice.hop_to(scene.registrar.address)
    scene.alice.do(scene.alice.agent.flow_failed, hop, "connection refused")
    event = scene.alice.last(RegistrationFailed)
    assert (event.code, event.reason) == (503, "connection refused")


def test_ended_registrations_are_forgotten() -> None:
    scene = Scene()
    registration = scene.start()
    scene.alice.do(registration.end)
    scene.network.run(1)
    scene.start()
    assert scene.alice.agent._registrations == [scene.registration]


def test_secrets_never_show() -> None:
    scene = Scene()
    scene.start()
    assert "secret" not in repr(scene.alice.events)
    assert all(b"secret" not in packet.data for packet in scene.network.packets)


def test_an_abandoned_registration_is_silent() -> None:
    scene = Scene()
    registration = scene.start()
    assert registration.hop == scene.alice.hop_to(scene.registrar.address)
    count = scene.sent()
    scene.alice.do(registration.abandon)
    scene.alice.do(registration.abandon)
    assert scene.alice.last(RegistrationEnded).reason == "abandoned"
    assert len(scene.alice.of(RegistrationEnded)) == 1
    scene.network.run(1000)
    assert scene.sent() == count


def test_a_registration_abandoned_while_it_waits_sends_nothing_more() -> None:
    scene = Scene()
    scene.registrar.silent = True
    registration = scene.start(0.1)
    scene.alice.do(registration.abandon)
    scene.network.run(60)
    assert scene.sent() == 1
    assert scene.alice.names() == ["RegistrationEnded"]
    assert scene.alice.agent.deadline() is None


def test_the_connection_that_failed_belongs_to_an_older_answer() -> None:
    scene = Scene("tcp")
    registration = scene.start()
    scene.alice.do(scene.alice.agent.flow_failed, registration.hop, "refused")
    assert registration.state is RegistrationState.REGISTERED
