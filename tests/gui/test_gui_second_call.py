"""Two calls at once: which one is talked to, swapping, a caller during a call, and what comes back when one ends."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from support.fake_middleware import FakeSession
from support.gui_person import Person

from blinkq.app.call import CallStage
from blinkq.app.incoming_dialog import IncomingDialog

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def bob(person: Person) -> FakeSession:
    return person.call("bob@example.com")


@pytest.fixture
def carol(person: Person, bob: FakeSession) -> FakeSession:
    return person.call("carol@example.com")


def incoming(person: Person) -> IncomingDialog:
    dialog = person.dialog
    assert isinstance(dialog, IncomingDialog)
    return dialog


def test_calling_a_second_one_holds_the_first_and_makes_it_small(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    assert bob.held
    assert not carol.held
    small, large = person.panel(bob), person.panel(carol)
    assert not small.ui.muteButton.isVisible()
    assert small.ui.codecLabel.text() == ""
    assert small.ui.holdButton.text() == "Resume"
    assert large.ui.muteButton.isVisible()
    assert small.height() < large.height()
    assert person.application.calls.active is large.call


def test_swapping_by_shortcut_button_and_double_click(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    assert person.ui.swapAction.isEnabled()
    assert person.ui.swapAction.shortcut().toString() == "Ctrl+S"
    person.ui.swapAction.trigger()
    person.answer_holds()
    assert (bob.held, carol.held) == (False, True)
    person.click(person.panel(carol).ui.holdButton)
    assert (bob.held, carol.held) == (True, False)
    person.qtbot.mouseDClick(person.panel(bob), Qt.MouseButton.LeftButton)
    person.answer_holds()
    assert (bob.held, carol.held) == (False, True)


def test_swapping_twice_before_the_first_has_taken_effect(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    person.ui.swapAction.trigger()
    person.ui.swapAction.trigger()
    person.answer_holds()
    assert (bob.held, carol.held) == (True, False)


def test_swap_goes_round_among_three(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    dave = person.call("dave@example.com")
    talked_to = []
    for _ in range(3):
        person.ui.swapAction.trigger()
        person.answer_holds()
        talked_to.append([session for session in (bob, carol, dave) if not session.held])
    assert talked_to == [[bob], [carol], [dave]]


def test_without_a_second_call_there_is_nothing_to_swap(person: Person, bob: FakeSession) -> None:
    assert not person.ui.swapAction.isEnabled()
    assert not person.ui.joinAction.isEnabled()
    person.click(person.panel(bob).ui.holdButton)
    assert person.panel(bob).ui.muteButton.isVisible()  # alone it stays large


@pytest.mark.parametrize("who_ends", ["we", "they"])
def test_ending_one_returns_to_the_other(person: Person, bob: FakeSession, carol: FakeSession, who_ends: str) -> None:
    if who_ends == "we":
        person.click(person.panel(carol).ui.hangUpButton)
        assert bob.held  # not before the other one is over
    carol.ends("local" if who_ends == "we" else "remote")
    person.answer_holds()
    assert not bob.held


def test_a_second_call_that_fails_returns_to_the_first(person: Person, bob: FakeSession) -> None:
    person.application.window.place_call("carol@example.com")
    person.middleware.found()
    person.answer_holds()
    assert bob.held
    person.middleware.sessions[-1].fails(486, "Busy Here")
    person.answer_holds()
    assert not bob.held


def test_what_the_user_has_put_on_hold_stays_on_hold(person: Person, bob: FakeSession) -> None:
    person.click(person.panel(bob).ui.holdButton)
    carol = person.call("carol@example.com")
    carol.ends()
    person.answer_holds()
    assert bob.held


def test_holding_both_brings_none_back(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    person.click(person.panel(carol).ui.holdButton)
    assert bob.held
    assert carol.held
    carol.ends()
    person.answer_holds()
    assert bob.held  # whoever holds the only one talked to has gone away


def test_of_several_waiting_none_is_chosen(person: Person, bob: FakeSession, carol: FakeSession) -> None:
    dave = person.call("dave@example.com")
    dave.ends()
    person.answer_holds()
    assert bob.held
    assert carol.held


def test_a_caller_during_a_call_hold_and_answer(person: Person, bob: FakeSession) -> None:
    carol = person.called_by("carol", "Carol Jones")
    ui = incoming(person).ui
    assert ui.talkingLabel.text() == "You are in a call with bob@example.com."
    assert not ui.answerButton.isVisible()
    person.click(ui.holdAnswerButton)
    assert bob.commands[-1] == "hold"  # before the new one stands: nobody hears what is not meant for him
    assert carol.commands[-1] == "accept"
    carol.starts()
    person.answer_holds()
    assert (bob.held, carol.held) == (True, False)


def test_a_caller_during_a_call_end_and_answer(person: Person, bob: FakeSession) -> None:
    carol = person.called_by("carol")
    person.click(incoming(person).ui.endAnswerButton)
    assert bob.commands == ["connect sip:bob@example.com", "end"]
    assert carol.commands[-1] == "accept"
    bob.ends("local")
    carol.starts()
    person.answer_holds()
    assert not carol.held
    assert person.panel(carol).call.stage is CallStage.TALKING


def test_a_caller_during_a_call_is_refused(person: Person, bob: FakeSession) -> None:
    carol = person.called_by("carol")
    person.click(incoming(person).ui.rejectButton)
    assert carol.commands[-1] == "reject 603"
    assert "hold" not in bob.commands


@pytest.mark.parametrize(("key", "ended"), [(Qt.Key.Key_A, False), (Qt.Key.Key_E, True)])
def test_a_caller_during_a_call_by_keyboard(person: Person, bob: FakeSession, key: Qt.Key, ended: bool) -> None:
    carol = person.called_by("carol")
    dialog = incoming(person)
    dialog.activateWindow()
    person.qtbot.waitUntil(dialog.isActiveWindow)
    person.qtbot.keyClick(dialog, key, ALT)
    person.qtbot.waitUntil(lambda: carol.commands[-1] == "accept")
    assert ("end" in bob.commands) is ended


def test_when_the_call_ends_while_the_other_rings_there_is_one_way_to_answer(person: Person, bob: FakeSession) -> None:
    carol = person.called_by("carol")
    ui = incoming(person).ui
    bob.ends()
    person.settle()
    assert ui.answerButton.isVisible()
    assert not ui.holdAnswerButton.isVisible()
    person.click(ui.answerButton)
    assert carol.commands[-1] == "accept"


def test_a_caller_who_gives_up_while_being_answered_returns_to_the_first(person: Person, bob: FakeSession) -> None:
    carol = person.called_by("carol")
    person.click(incoming(person).ui.holdAnswerButton)
    carol.fails(487, "Request Terminated", "remote", "Call cancelled")
    person.answer_holds()
    assert not bob.held
