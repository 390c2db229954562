"""AUTH with a relay, step by step, and what hostile relays may answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.base.clock import SeededEntropy
from blinkq.base.digest import Credentials
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.relay import DEFAULT_EXPIRES, MAX_EXPIRES, MIN_EXPIRES, RelayClient, RelayReady, RelayRefused
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI

RELAY = MSRPURI("relay.example.com", 2855, None, True)
CHALLENGE = 'Digest realm="example.com", nonce="n1", qop="auth"'
PLACE = "msrps://relay.example.com:2855/place;tcp"


def client(credentials: Credentials | None = Credentials("alice", "secret")) -> RelayClient:  # noqa: B008 - it never changes
    entropy = SeededEntropy(1)
    return RelayClient(Session(MSRPURI("192.0.2.1", 4000, "me", True), (RELAY,), entropy), credentials, entropy)


def answer(request: Chunk, code: int, *headers: tuple[str, str]) -> Chunk:
    return request.response(code, headers=headers)


def test_the_way_in() -> None:
    relay = client()
    first = relay.begin()
    assert (first.method, first.headers, first.to_path) == ("AUTH", (), (RELAY,))
    second = relay.answered(401, answer(first, 401, ("WWW-Authenticate", CHALLENGE)))
    assert isinstance(second, Chunk)
    proof = second.header("Authorization") or ""
    assert 'username="alice"' in proof
    assert f'uri="{RELAY}"' in proof
    assert "secret" not in proof
    assert second.transaction_id != first.transaction_id
    ready = relay.answered(200, answer(second, 200, ("Use-Path", f"{PLACE} msrps://inner:1/x;tcp"), ("Expires", "900")))
    assert isinstance(ready, RelayReady)
    assert ([str(uri) for uri in ready.path], ready.expires) == ([PLACE, "msrps://inner:1/x;tcp"], 900)
    assert "nc=00000002" in (relay.begin().header("Authorization") or "")


@pytest.mark.parametrize(
    ("said", "meant"), [(None, DEFAULT_EXPIRES), ("x", DEFAULT_EXPIRES), ("1", MIN_EXPIRES), ("999999999", MAX_EXPIRES), ("60", 60)]
)
def test_how_long_it_lasts(said: str | None, meant: int) -> None:
    relay = client()
    headers = [("Use-Path", PLACE)] + ([] if said is None else [("Expires", said)])
    ready = relay.answered(200, answer(relay.begin(), 200, *headers))
    assert isinstance(ready, RelayReady)
    assert ready.expires == meant


@pytest.mark.parametrize("path", ["", "nonsense", "msrp://relay:1/plain;tcp", "msrps://relay:1;tcp"])
def test_paths_that_cannot_be_used(path: str) -> None:
    relay = client()
    outcome = relay.answered(200, answer(relay.begin(), 200, ("Use-Path", path)))
    assert isinstance(outcome, RelayRefused)
    assert "path" in outcome.reason


def test_a_wrong_answer_is_not_tried_again_and_stale_ones_not_for_ever() -> None:
    relay = client()
    response = answer(relay.begin(), 401, ("WWW-Authenticate", CHALLENGE))
    assert isinstance(relay.answered(401, response), Chunk)
    assert isinstance(relay.answered(401, response), RelayRefused)
    relay = client()
    request, count = relay.begin(), 0
    while count < 10:
        stale = CHALLENGE.replace("n1", f"n{count}") + ", stale=true"
        outcome = relay.answered(401, answer(request, 401, ("WWW-Authenticate", stale)))
        if not isinstance(outcome, Chunk):
            break
        count += 1
    assert count == 3


@pytest.mark.parametrize("challenge", ["", "Basic realm=x", "Digest", 'Digest realm="x"', 'Digest realm="x", nonce="y", algorithm=SHA-9'])
def test_challenges_that_are_not_answered(challenge: str) -> None:
    relay = client()
    outcome = relay.answered(401, answer(relay.begin(), 401, ("WWW-Authenticate", challenge)))
    assert isinstance(outcome, RelayRefused)


def test_credentials_of_another_realm_stay_here() -> None:
    for credentials in (None, Credentials("alice", "secret", "elsewhere")):
        relay = client(credentials)
        assert isinstance(relay.answered(401, answer(relay.begin(), 401, ("WWW-Authenticate", CHALLENGE))), RelayRefused)
    assert "408" not in RelayRefused(408, "x").reason
    assert "answer" in client().answered(408, None).reason  # type: ignore[union-attr]  # a refusal
    assert "403" not in client().answered(403, None).reason  # type: ignore[union-attr]  # in plain words


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=20), st.sampled_from([200, 401]))
def test_nothing_that_a_relay_says_makes_an_exception(challenge: str, path: str, expires: str, code: int) -> None:
    relay = client()
    for prefix in ("", "Digest "):
        headers = (("WWW-Authenticate", prefix + challenge), ("Use-Path", path), ("Expires", expires))
        assert relay.answered(code, answer(relay.begin(), code, *headers)) is not None
