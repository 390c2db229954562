"""The local conference: joining calls, who is in it, holding it, taking one out, and what is left."""

from __future__ import annotations

import pytest
from support.fake_middleware import FakeConference, FakeSession
from support.gui_person import Person


@pytest.fixture
def bob(person: Person) -> FakeSession:
    return person.call("bob@example.com")


@pytest.fixture
def carol(person: Person, bob: FakeSession) -> FakeSession:
    return person.call("carol@example.com")


@pytest.fixture
def mix(person: Person, bob: FakeSession, carol: FakeSession) -> FakeConference:
    """Bob and Carol in conference with us."""
    person.click(person.panel(bob).ui.joinButton)
    return person.middleware.conferences[-1]


def members(mix: FakeConference, *sessions: FakeSession) -> bool:
    streams = [session.streams[0] for session in sessions if session.streams]
    return sorted(map(id, mix.streams)) == sorted(map(id, streams))


def test_joining_two_calls(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    assert members(mix, bob, carol)
    assert not bob.held
    assert not carol.held
    frame = person.application.window.conference_panel
    assert frame.isVisible()
    assert frame.ui.titleLabel.text() == "Conference: bob@example.com, carol@example.com"
    assert frame.ui.stateLabel.text() == "2 others and you hear each other"
    for session in (bob, carol):
        assert frame.isAncestorOf(person.panel(session))
        assert person.panel(session).ui.stateLabel.text() == "In the conference"
        assert not person.panel(session).ui.holdButton.isVisible()


def test_join_all_by_the_menu(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    dave = person.call("dave@example.com")
    assert person.ui.joinAction.shortcut().toString() == "Ctrl+J"
    person.ui.joinAction.trigger()
    person.answer_holds()
    assert members(person.middleware.conferences[-1], bob, carol, dave)
    assert not any(session.held for session in (bob, carol, dave))


def test_a_third_one_joins(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    dave = person.call("dave@example.com")
    assert mix.on_hold  # the others go on hearing each other
    assert not bob.held
    person.application.calls.swap()
    person.answer_holds()
    assert not mix.on_hold
    assert dave.held
    person.click(person.panel(dave).ui.joinButton)
    assert members(mix, bob, carol, dave)
    assert not dave.held


def test_the_active_one_joins_the_conference_that_waits(
    person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference
) -> None:
    dave = person.call("dave@example.com")
    person.ui.joinAction.trigger()
    person.answer_holds()
    assert members(mix, bob, carol, dave)
    assert not mix.on_hold


def test_holding_the_conference(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    frame = person.application.window.conference_panel
    person.click(frame.ui.holdButton)
    assert mix.on_hold
    assert not bob.held
    assert frame.ui.stateLabel.text() == "On hold: the others go on talking without you"
    assert person.ui.holdAction.isChecked()
    person.ui.holdAction.trigger()
    person.settle()
    assert not mix.on_hold


def test_muting_in_the_conference(person: Person, mix: FakeConference) -> None:
    frame = person.application.window.conference_panel
    person.click(frame.ui.muteButton)
    assert person.middleware.is_muted
    assert frame.ui.muteButton.isChecked()


def test_splitting_one_off(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    dave = person.call("dave@example.com")
    person.ui.joinAction.trigger()
    person.answer_holds()
    person.click(person.panel(bob).ui.leaveButton)
    assert bob.held
    assert members(mix, carol, dave)
    person.click(person.panel(carol).ui.leaveButton)
    assert carol.held
    assert not dave.held  # with one other it is a call, not a conference
    assert mix.streams == []
    assert not person.application.window.conference_panel.isVisible()
    assert not person.application.window.conference_panel.isAncestorOf(person.panel(dave))


def test_splitting_all(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    person.panel(bob).ui.hangUpButton.setFocus()
    person.ui.splitAction.trigger()
    person.answer_holds()
    assert mix.streams == []
    assert (bob.held, carol.held) == (False, True)  # the one with the keyboard goes on


def test_a_member_hangs_up(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    bob.ends()
    person.answer_holds()
    assert mix.streams == []
    assert not carol.held
    assert not person.application.calls.conference.live
    assert person.panel(carol).ui.muteButton.isVisible()


def test_a_member_hangs_up_while_we_are_away(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    person.ui.holdAction.trigger()
    bob.ends()
    person.answer_holds()
    assert carol.held  # who has gone away is not heard by surprise


def test_ending_all(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    person.click(person.application.window.conference_panel.ui.endButton)
    assert bob.commands[-1] == "end"
    assert carol.commands[-1] == "end"
    bob.ends("local")
    carol.ends("local")
    person.answer_holds()
    assert not person.application.calls.lines


def test_a_caller_during_a_conference(person: Person, bob: FakeSession, carol: FakeSession, mix: FakeConference) -> None:
    dave = person.called_by("dave")
    dialog = person.dialog
    person.click(dialog.ui.holdAnswerButton)  # type: ignore[attr-defined]
    dave.starts()
    person.answer_holds()
    assert mix.on_hold
    dave.ends()
    person.answer_holds()
    assert not mix.on_hold
