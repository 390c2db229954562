"""The order in which servers of an SRV answer are tried (RFC 2782), with injected chance."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Protocol, TypeVar

from blinkq.base.clock import Entropy

__all__ = ["SRVRecord", "srv_order"]


class SRVRecord(Protocol):
    """What is looked at of an SRV record."""

    @property
    def priority(self) -> int: ...
    @property
    def weight(self) -> int: ...


R = TypeVar("R", bound=SRVRecord)


def srv_order(records: Iterable[R], entropy: Entropy) -> list[R]:
    """Lower priority first; among equals, each next one is drawn with a chance proportional to its weight."""
    order: list[R] = []
    for _priority, group in groupby(sorted(records, key=lambda record: record.priority), key=lambda record: record.priority):
        # RFC 2782: those of weight 0 stand first, so that they are drawn only when chance gives exactly 0
        rest = sorted(group, key=lambda record: record.weight > 0)
        while rest:
            chance = entropy.integer(0, sum(record.weight for record in rest))
            for record in rest:
                chance -= record.weight
                if chance <= 0:
                    break
            rest.remove(record)
            order.append(record)
    return order
