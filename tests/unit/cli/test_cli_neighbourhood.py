"""Which neighbour a person means, and what ``blinkq`` refuses for the account bonjour."""

from __future__ import annotations

import pytest

from blinkq.cli.main import main
from blinkq.cli.neighbourhood import best_of, matches, people, reason_not_found
from blinkq.sipsimple.core import FrozenSIPURI
from blinkq.sipsimple.neighbours import BonjourNeighbourRecord


def record(name: str, transport: str = "udp", id: str | None = "urn:uuid:b", user: str = "kfgtwqzh") -> BonjourNeighbourRecord:
    parameters = {} if transport == "udp" else {"transport": transport}
    return BonjourNeighbourRecord(id, name, "laptop", FrozenSIPURI("192.0.2.2", user, port=5060, parameters=parameters))


@pytest.mark.parametrize(
    ("text", "meant"), [("BOB", True), ("Laptop", True), ("kfgtwqzh", True), ("urn:uuid:b", True), ("bo", False), ("", False)]
)
def test_a_neighbour_is_named(text: str, meant: bool) -> None:
    assert matches(record("Bob"), text) is meant


def test_the_best_way() -> None:
    records = [record("Bob", transport) for transport in ("tls", "udp", "tcp")]
    assert [getattr(best_of(records, preferred), "transport", None) for preferred in ("tls", "udp", "tcp")] == ["tls", "udp", "tcp"]
    chosen = best_of(records[:2], "tcp")
    assert chosen is not None
    assert chosen.transport == "udp"
    assert best_of([], "tcp") is None


def test_the_records_of_one_neighbour_are_one_person() -> None:
    records = [record("carol", user="c"), record("Bob", "tcp"), record("Bob"), record("Bob", id="urn:uuid:other", user="b")]
    assert [[each.uri.user for each in group] for group in people(records)] == [["b"], ["kfgtwqzh", "kfgtwqzh"], ["c"]]


def test_who_could_be_called_instead() -> None:
    assert reason_not_found("Zoe", []) == "No neighbour is called Zoe. Nobody else is there."
    assert reason_not_found("Zoe", [record("Bob"), record("Bob", "tcp")]) == "No neighbour is called Zoe. These are there: Bob on laptop."


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["call", "Bob", "--account", "bonjour", "--proxy", "192.0.2.9"], "without a server"),
        (["neighbours", "--account", "alice@example.com"], "only the account bonjour"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert main([*arguments, "--config-dir", str(tmp_path)]) == 2
    assert complaint in capsys.readouterr().err
