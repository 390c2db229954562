"""Which of the neighbours a person means. Pure decisions."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.sipsimple.neighbours import BonjourNeighbourRecord

__all__ = ["best_of", "matches", "named", "people", "reason_not_found"]

#: Transports by how likely they work between strangers: TLS needs a certificate that the other side trusts.
_PREFERENCE = ("tcp", "udp", "tls")


def matches(record: BonjourNeighbourRecord, text: str) -> bool:
    """Whether ``text`` names the neighbour: its name or computer in any case, its contact's user or its id."""
    wanted = text.casefold()
    return wanted in (record.name.casefold(), record.host.casefold()) or text in (record.uri.user, record.id)


def best_of(records: Iterable[BonjourNeighbourRecord], preferred: str) -> BonjourNeighbourRecord | None:
    """The record to call: that of the ``preferred`` transport, else the one that most likely works."""
    order = [preferred, *_PREFERENCE]
    return min(records, key=lambda record: order.index(record.transport), default=None)


def people(records: Iterable[BonjourNeighbourRecord]) -> list[list[BonjourNeighbourRecord]]:
    """The records of each neighbour together, by name."""
    grouped: dict[tuple[str, str, str], list[BonjourNeighbourRecord]] = {}
    for record in sorted(records, key=lambda record: (record.name.casefold(), str(record.uri))):
        grouped.setdefault((record.name, record.id or "", record.uri.user or ""), []).append(record)
    return list(grouped.values())


def named(record: BonjourNeighbourRecord) -> str:
    """The neighbour in a sentence."""
    return f"{record.name} on {record.host}" if record.host else record.name


def reason_not_found(text: str, records: Iterable[BonjourNeighbourRecord]) -> str:
    """Why ``text`` cannot be called, with who could be."""
    seen = ", ".join(named(group[0]) for group in people(records))
    return f"No neighbour is called {text}." + (f" These are there: {seen}." if seen else " Nobody else is there.")
