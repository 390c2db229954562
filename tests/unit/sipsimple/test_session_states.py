"""The session's table: every state is reachable, every path ends, and the machine is the table."""

from __future__ import annotations

import pytest

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.session.states import TABLE, SessionInput, SessionMachine, SessionState


def test_the_table_is_sound() -> None:
    assert TABLE.states() == frozenset(SessionState)
    assert TABLE.reachable() == frozenset(SessionState)
    assert TABLE.ending() == frozenset(SessionState)
    assert TABLE.allowed(SessionState.TERMINATED) == frozenset()
    assert {event for _, event in TABLE.transitions} == set(SessionInput)


@pytest.mark.parametrize("state", sorted(set(SessionState) - {SessionState.NULL, SessionState.TERMINATED}, key=lambda s: s.name))
def test_every_live_state_can_end(state: SessionState) -> None:
    assert TABLE.allows(state, SessionInput.FINISH)
    assert TABLE.allows(state, SessionInput.END) == (state is not SessionState.TERMINATING)


def test_the_machine_refuses_what_the_table_does_not_have() -> None:
    machine = SessionMachine()
    assert not machine.live
    assert not machine.take(SessionInput.END)
    with pytest.raises(IllegalStateError, match="accept is not allowed in state None"):
        machine.require(SessionInput.ACCEPT, "accept")
    machine.require(SessionInput.CONNECT, "connect")
    assert machine.live
    assert not machine.started
    assert machine.take(SessionInput.START)
    assert machine.started
    assert machine.state.value == "connected"


def test_states_are_equal_to_the_specification_s_names() -> None:
    assert SessionState.CONNECTED == "connected"
    assert SessionState.OUTGOING == "outgoing"
    assert SessionState.OUTGOING == "connecting"  # what the SDK's code says
    assert "connecting" == SessionState.OUTGOING  # noqa: SIM300 - this way round it is str that is asked first
    assert SessionState.OUTGOING in ("connecting", "incoming")
    assert SessionState.OUTGOING != "connected"
    assert SessionState.INCOMING != "connecting"
    assert f"{SessionState.OUTGOING}" == "outgoing"
    assert {SessionState.OUTGOING: 1}["outgoing"] == 1
