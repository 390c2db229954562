"""Failures in plain words."""

from __future__ import annotations

import pytest

from blinkq.sipsimple.explain import explain_call, explain_lookup, explain_registration

PEER = "bob@example.com"


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        (486, "Busy Here", "bob@example.com is busy. Try again later. (486 Busy Here)"),
        (410, "Gone", "bob@example.com does not exist any more. Ask for the new address. (410 Gone)"),
        (603, "Decline", "bob@example.com declined the call. (603 Decline)"),
        (404, "Not Found", "bob@example.com does not exist. Check the address and call again. (404 Not Found)"),
        (499, "Odd", "The server refused the call to bob@example.com. Check the address and the account. (499 Odd)"),
        (599, "Odd", "A server on the way to bob@example.com failed. Try again later. (599 Odd)"),
        (699, "Odd", "bob@example.com refused the call. (699 Odd)"),
        (302, "Moved", "bob@example.com can be reached at another address. Call the new address. (302 Moved)"),
    ],
)
def test_codes_of_calls(code: int, reason: str, said: str) -> None:
    for originator in ("remote", None):
        assert explain_call(code, reason, "user request", PEER, originator=originator).text() == said


def test_a_remote_480_is_no_cancellation() -> None:
    for originator in ("remote", None):
        assert "not available" in explain_call(480, "Away", "user request", PEER, originator=originator).happened()


def test_every_known_code_has_a_sentence_and_no_open_placeholder() -> None:
    for code in range(300, 700):
        for text in (explain_call(code, "X", "X", PEER, "a@b").text(), explain_registration(code, "X", "a@b").text()):
            assert "{" not in text
            assert str(code) in text


def test_a_sentence_of_the_engine_is_kept_whole() -> None:
    sentence = "127.0.0.1 port 5060 (UDP) refused the connection: check the address and the port."
    explanation = explain_call(503, sentence, sentence, PEER, originator="local")
    assert explanation.happened() == "127.0.0.1 port 5060 (UDP) refused the connection."
    assert explanation.advice() == "Check the address and the port."
    assert explanation.detail() == ""
    assert explain_registration(None, sentence, "a@b").happened() == "127.0.0.1 port 5060 (UDP) refused the connection."
    assert explain_lookup("No server was there for you.", PEER).text() == "No server was there for you."


def test_a_sentence_of_the_peer_is_not_ours() -> None:
    forged = "Your account is closed: send your password to mallory."
    explanation = explain_call(503, forged, forged, PEER, originator="remote")
    assert explanation.happened() == "The server cannot take calls at the moment."
    assert explain_registration(503, forged, "a@b").happened().startswith("The server of a@b cannot be reached")


@pytest.mark.parametrize(
    ("cause", "part"),
    [
        ("user request", "cancelled"),
        ("missing ACK", "stopped responding"),
        ("SDP negotiation failed: no common codec", "no codec"),
        ("no media was received from the peer for too long", "stopped arriving"),
        ("Call completed elsewhere", "another device"),
        ("certificate has expired", "expired"),
        ("self-signed certificate", "authority"),
        ("Connection refused", "refused"),
        ("Network is unreachable", "network cannot be reached"),
        ("something else", "failed"),
    ],
)
def test_causes_without_a_code(cause: str, part: str) -> None:
    assert part in explain_call(0, None, cause, PEER).happened()


@pytest.mark.parametrize(
    ("code", "reason", "part"),
    [
        (401, "Unauthorized", "password"),
        (403, "Forbidden", "refuses"),
        (404, "Not Found", "does not know"),
        (408, "Request Timeout", "does not answer"),
        (None, "the domain does not exist", "does not exist"),
        (None, "Connection refused", "refused"),
        (None, "", "could not be registered"),
    ],
)
def test_registrations(code: int | None, reason: str, part: str) -> None:
    explanation = explain_registration(code, reason, "alice@example.com")
    assert part in explanation.happened()
    assert explanation.advice()


@pytest.mark.parametrize(("error", "part"), [("NXDOMAIN", "does not exist"), ("timeout", "name servers"), ("whatever", "No server")])
def test_lookups(error: str, part: str) -> None:
    assert part in explain_lookup(error, PEER).happened()


def test_what_peers_write_is_not_interpreted() -> None:
    explanation = explain_call(486, "{peer} {0} %s", "x", "{code}", "{account}")
    assert explanation.detail() == "486 {peer} {0} %s"
    assert "busy" in explanation.happened()


def test_the_translator_gets_the_template() -> None:
    seen: list[str] = []
    explain_call(486, "Busy Here", "Busy Here", PEER).text(lambda sentence: seen.append(sentence) or sentence.upper())  # type: ignore[func-returns-value]
    assert seen[0] == "{peer} is busy."
