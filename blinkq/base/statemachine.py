"""State machines as data: a closed table of (state, input) -> state; an absent pair is illegal.

A machine's owner asks the table for the next state and does the work itself; the table has no actions. Tests enumerate the table:
every state is reachable, every path can end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from blinkq.base.errors import IllegalTransition

__all__ = ["StateTable"]

S = TypeVar("S", bound=Enum)
I = TypeVar("I", bound=Enum)  # noqa: E741 - I as in input


class StateTable(Generic[S, I]):
    """A closed transition table.

    :param transitions: the table; pairs not in it are illegal
    :param initial: the first state
    :param final: the states that have no way out
    """

    def __init__(self, transitions: Mapping[tuple[S, I], S], *, initial: S, final: frozenset[S]) -> None:
        self.transitions = dict(transitions)
        self.initial = initial
        self.final = final

    def next(self, state: S, event: I) -> S:
        """The state after ``event``; raises IllegalTransition where the table has no such pair."""
        try:
            return self.transitions[state, event]
        except KeyError:
            raise IllegalTransition(f"{event.name} is not allowed in state {state.name}") from None

    def allows(self, state: S, event: I) -> bool:
        return (state, event) in self.transitions

    def allowed(self, state: S) -> frozenset[I]:
        """The inputs that ``state`` takes."""
        return frozenset(event for origin, event in self.transitions if origin is state)

    def states(self) -> frozenset[S]:
        """All states that the table mentions."""
        return frozenset({self.initial, *self.final, *self.transitions.values(), *(s for s, _ in self.transitions)})

    def reachable(self) -> frozenset[S]:
        """The states that can be reached from the first one."""
        return self._closure({self.initial}, {(a, b) for (a, _), b in self.transitions.items()})

    def ending(self) -> frozenset[S]:
        """The states from which a final state can be reached."""
        return self._closure(set(self.final), {(b, a) for (a, _), b in self.transitions.items()})

    @staticmethod
    def _closure(start: set[S], edges: set[tuple[S, S]]) -> frozenset[S]:
        seen, todo = set(start), deque(start)
        while todo:
            here = todo.popleft()
            for origin, target in edges:
                if origin is here and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(seen)
