"""Transferring a call: to an address, after asking there, between two calls; how it goes is told; and what others ask us for."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6 import sip
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from support.fake_middleware import FakeSession, announce
from support.gui_person import Person

from blinkq.app.call import CallStage
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.transfer_dialog import TransferDialog


@pytest.fixture
def bob(person: Person) -> FakeSession:
    return person.call("bob@example.com")


def dialog(person: Person, session: FakeSession) -> Any:
    """The transfer dialog of a call, opened with its button."""
    person.click(person.panel(session).ui.transferButton)
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TransferDialog) and widget.isVisible()]
    (opened,) = found
    return opened


def gone(opened: Any) -> bool:
    return sip.isdeleted(opened) or not opened.isVisible()


def notice(person: Person, session: FakeSession) -> str:
    person.settle()
    return str(person.panel(session).ui.noticeLabel.text())


def test_a_blind_transfer_with_its_progress(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    assert opened.ui.introLabel.text().startswith("Connect bob@example.com with somebody else.")
    assert not opened.ui.othersWidget.isVisible()
    person.qtbot.keyClicks(opened.ui.addressEdit, "carol")
    person.qtbot.keyClick(opened.ui.addressEdit, Qt.Key.Key_Return)
    assert gone(opened)
    assert bob.commands[-1] == "transfer sip:carol@example.com"
    assert notice(person, bob) == "Transferring to carol@example.com…"
    assert not person.panel(bob).ui.transferButton.isEnabled()
    bob.transfer_starts()
    assert notice(person, bob) == "Transferring to carol@example.com: calling…"
    bob.transfer_progresses(100, "Trying")
    bob.transfer_progresses(180, "Ringing")
    assert notice(person, bob) == "Transferring to carol@example.com: it rings there…"
    bob.transfer_ends()
    assert notice(person, bob) == "Transferred to carol@example.com."
    bob.ends("local")
    person.settle()
    assert person.panel(bob).call.stage is CallStage.ENDED
    assert notice(person, bob) == "Transferred to carol@example.com."


def test_a_transfer_that_fails_keeps_the_call(person: Person, bob: FakeSession) -> None:
    person.application.transfers.transfer(person.panel(bob).call, "sip:carol@example.com")
    bob.transfer_starts()
    bob.transfer_fails(486, "Busy Here")
    assert notice(person, bob) == "The transfer failed: carol@example.com is busy. (486 Busy Here) This call goes on."
    panel = person.panel(bob)
    assert panel.ui.noticeLabel.property("level") == "error"
    assert panel.call.stage is CallStage.TALKING
    assert panel.ui.transferButton.isEnabled()


def test_a_phone_that_cannot_be_transferred(person: Person, bob: FakeSession) -> None:
    person.application.transfers.transfer(person.panel(bob).call, "sip:carol@example.com")
    bob.transfer_fails(405, "Method Not Allowed")
    assert notice(person, bob) == "bob@example.com does not let itself be transferred (405 Method Not Allowed). This call goes on."


def test_nobody_tells_how_it_went(person: Person, bob: FakeSession) -> None:
    person.application.transfers.transfer(person.panel(bob).call, "sip:carol@example.com")
    bob.transfer_starts()
    bob.transfer_fails(0, "")
    assert notice(person, bob) == "Nobody told how the transfer to carol@example.com went."


def test_what_is_no_address_is_explained(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    person.click(opened.ui.transferButton)
    assert opened.ui.hintLabel.text() == "Type a name, a number or a SIP address first."
    person.qtbot.keyClicks(opened.ui.addressEdit, "carol smith")
    assert not opened.ui.hintLabel.isVisible()
    person.click(opened.ui.askButton)
    assert "spaces" in opened.ui.hintLabel.text()
    assert opened.ui.addressEdit.hasFocus()
    person.qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert gone(opened)


def test_not_possible_at_the_moment(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    bob.state = "sending_proposal"
    person.qtbot.keyClicks(opened.ui.addressEdit, "carol")
    person.click(opened.ui.transferButton)
    assert opened.ui.hintLabel.text() == "The call cannot be transferred at the moment. Try again in a second."
    assert opened.isVisible()
    bob.state = "connected"
    person.click(opened.ui.transferButton)
    assert bob.commands[-1] == "transfer sip:carol@example.com"


def test_the_dialog_goes_with_the_call(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    bob.ends()
    person.settle()
    assert gone(opened)


def test_recent_calls_complete_what_is_typed(person: Person, bob: FakeSession) -> None:
    person.call("dave@example.com").ends()
    person.answer_holds()
    completer = dialog(person, bob).ui.addressEdit.completer()
    completer.setCompletionPrefix("DAV")
    assert completer.currentCompletion() == "dave@example.com"


def test_calling_first_then_completing(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    person.qtbot.keyClicks(opened.ui.addressEdit, "carol")
    person.click(opened.ui.askButton)
    assert gone(opened)
    person.middleware.found()
    person.answer_holds()
    carol = person.middleware.sessions[-1]
    button = person.panel(carol).ui.transferButton
    assert bob.held
    assert button.text() == "Complete"
    assert not button.isEnabled()  # not before it is answered
    assert notice(person, carol) == "Asking before bob@example.com is transferred here."
    carol.starts()
    person.answer_holds()
    assert button.toolTip() == "Connect bob@example.com with carol@example.com, and leave (Ctrl+T)"
    person.ui.transferAction.trigger()
    assert bob.commands[-1] == "transfer sip:carol@example.com attended"
    carol.ends()
    person.answer_holds()
    assert bob.held  # it is about to go, too
    bob.transfer_starts()
    bob.transfer_ends()
    bob.ends("local")
    person.settle()
    assert not person.application.calls.live


def test_whoever_was_asked_says_no(person: Person, bob: FakeSession) -> None:
    carol_call = person.application.calls.consult(person.panel(bob).call, "carol", person.middleware.known[0])
    person.middleware.found()
    person.answer_holds()
    carol = person.middleware.sessions[-1]
    carol.fails(603, "Decline")
    person.answer_holds()
    assert not bob.held
    assert carol_call.over


def test_the_one_to_be_transferred_leaves_before(person: Person, bob: FakeSession) -> None:
    person.application.calls.consult(person.panel(bob).call, "carol", person.middleware.known[0])
    person.middleware.found()
    person.settle()
    carol = person.middleware.sessions[-1]
    carol.starts()
    person.answer_holds()
    bob.ends()
    person.settle()
    assert person.panel(carol).ui.transferButton.text() == "Transfer"
    assert notice(person, carol) == ""


def test_connecting_two_calls_that_there_are(person: Person, bob: FakeSession) -> None:
    carol = person.call("carol@example.com")
    opened = dialog(person, bob)
    (button,) = opened.others.values()
    assert button.text() == "Connect with carol@example.com"
    person.click(button)
    assert bob.commands[-1] == "transfer sip:carol@example.com attended"
    assert gone(opened)
    assert carol.commands[-1] != "end"


def test_whoever_does_not_know_how_to_replace_is_hung_up_by_us(person: Person, bob: FakeSession) -> None:
    carol = person.call("carol@example.com")
    person.application.transfers.connect(person.panel(bob).call, person.panel(carol).call)
    bob.transfer_starts()
    bob.transfer_ends()
    person.settle()
    assert carol.commands[-1] == "end"


def test_a_call_that_comes_while_the_dialog_is_open_is_offered(person: Person, bob: FakeSession) -> None:
    opened = dialog(person, bob)
    carol = person.called_by("carol")
    person.application.calls.calls[-1].answer()
    carol.starts()
    person.answer_holds()
    assert [button.text() for button in opened.others.values()] == ["Connect with carol@example.com"]
    carol.ends()
    person.settle()
    assert not opened.others
    opened.reject()


# what others ask us for ----------------------------------------------------------------------------------------------------------


def asked(person: Person) -> PeerRequestDialog:
    person.settle()
    opened = person.dialog
    assert isinstance(opened, PeerRequestDialog)
    return opened


def test_we_are_asked_to_call_somebody_else_and_do(person: Person, bob: FakeSession) -> None:
    bob.asks_for_transfer("carol")
    ui = asked(person).ui
    assert ui.headingLabel.text() == "Transfer the call?"
    assert ui.questionLabel.text() == "asks you to call carol@example.com instead. The present call ends when carol@example.com answers."
    person.click(ui.acceptButton)
    assert bob.commands[-1] == "accept transfer"
    bob.transfer_starts()
    carol = FakeSession(bob.account, "outgoing", "connecting", remote_identity=person.middleware.identity("carol"))
    bob.transfer_handler.new_session = carol
    person.middleware.sessions.append(carol)
    announce("SIPSessionNewOutgoing", carol, streams=[])
    carol.rings()
    person.settle()
    assert person.panel(carol).ui.titleLabel.text() == "carol@example.com"
    assert person.panel(carol).ui.stateLabel.text() == "Ringing there…"
    carol.starts()
    bob.transfer_ends()
    bob.ends("local")
    person.answer_holds()
    assert person.panel(carol).call.stage is CallStage.TALKING
    assert not carol.held
    assert [record.outcome for record in person.application.window.recent.records] == ["answered"]


def test_we_do_not_let_ourselves_be_transferred(person: Person, bob: FakeSession) -> None:
    bob.asks_for_transfer("carol")
    person.click(asked(person).ui.rejectButton)
    assert bob.commands[-1] == "reject transfer 603"
    bob.transfer_fails(603, "Decline")
    assert notice(person, bob) == "You did not let yourself be transferred to carol@example.com."
    assert person.panel(bob).call.stage is CallStage.TALKING


def test_the_new_call_fails_and_the_old_one_goes_on(person: Person, bob: FakeSession) -> None:
    bob.asks_for_transfer("carol")
    person.click(asked(person).ui.acceptButton)
    bob.transfer_starts()
    bob.transfer_fails(404, "Not Found")
    assert notice(person, bob) == "The transfer failed: carol@example.com does not exist. (404 Not Found) This call goes on."


def test_the_question_goes_with_the_call(person: Person, bob: FakeSession) -> None:
    bob.asks_for_transfer("carol")
    asked(person)
    bob.transfer_fails(0, "invite dialog ended")
    bob.ends()
    person.settle()
    assert not person.application.dialogs


def test_sessions_that_others_make_are_no_calls_of_the_windows(person: Person, bob: FakeSession) -> None:
    announce("SIPSessionNewOutgoing", FakeSession(bob.account, "outgoing", "connecting"), streams=[])
    person.settle()
    assert len(person.application.window.panels) == 1


def test_a_call_that_takes_the_place_of_ours_needs_no_answer(person: Person, bob: FakeSession) -> None:
    carol = person.middleware.calls_in("carol", "Carol Jones", replaces=bob)
    person.settle()
    assert carol.commands == ["accept"]
    assert not person.application.dialogs
    assert person.application.ringer.playing == set()
    carol.starts()
    bob.ends()
    person.answer_holds()
    assert notice(person, carol) == "Transferred here by bob@example.com."
    assert not carol.held


def test_a_call_that_takes_the_place_of_one_on_hold_is_on_hold(person: Person, bob: FakeSession) -> None:
    dave = person.call("dave@example.com")
    carol = person.middleware.calls_in("carol", replaces=bob)
    person.settle()
    assert carol.commands == ["hold", "accept"]
    carol.starts()
    bob.ends()
    person.answer_holds()
    assert (dave.held, carol.held) == (False, True)
    dave.ends()
    person.answer_holds()
    assert not carol.held  # as the one before it would have come back
