"""A peer that wants to add something to a standing call: a person is asked, and the call goes on whatever the answer is."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from support.fake_middleware import FakeSession, FakeStream, announce
from support.gui_person import Person

from blinkq.app.call import CallStage
from blinkq.app.peer_request import PeerRequest
from blinkq.app.peer_request_dialog import PATIENCE, PeerRequestDialog


@pytest.fixture
def session(person: Person) -> FakeSession:
    return person.call("bob@example.com")


def asked(person: Person) -> PeerRequestDialog:
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    return dialog


def test_a_proposal_is_asked_and_accepted(person: Person, session: FakeSession) -> None:
    session.proposes("audio", "text", "video")
    person.settle()
    ui = asked(person).ui
    assert ui.titleLabel.text() == "bob@example.com"
    assert ui.questionLabel.text() == "wants to add to the call with you:"
    choices = asked(person).choices
    assert choices is not None
    assert [box.accessibleName() for box in choices.boxes] == ["Sound", "Text"]
    assert all(box.isChecked() for box in choices.boxes)
    assert ui.rejectButton.hasFocus()  # nothing is added by an Enter that was meant for something else
    person.click(ui.acceptButton)
    assert session.commands[-1] == "accept proposal ['audio', 'text']"
    assert not person.application.dialogs
    session.proposed_streams = [stream for stream in session.proposed_streams or [] if stream.type != "video"]
    session.runs_proposal()
    person.settle()
    panel = person.panel(session)
    assert panel.ui.noticeLabel.text() == "Added to the call: more sound and text."
    assert panel.call.stage is CallStage.TALKING


def test_a_proposal_is_refused(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    person.click(asked(person).ui.rejectButton)
    assert session.commands[-1] == "reject proposal 488"
    session.withdraws_proposal(488, "Not Acceptable Here")
    person.settle()
    assert not person.application.dialogs
    assert person.panel(session).call.stage is CallStage.TALKING


def test_escape_refuses(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    person.qtbot.keyClick(asked(person), Qt.Key.Key_Escape)
    assert session.commands[-1] == "reject proposal 488"
    assert not person.application.dialogs


def test_nobody_answers(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    dialog = asked(person)
    dialog.tick()
    assert str(PATIENCE - 1) in dialog.ui.hintLabel.text()
    for _ in range(PATIENCE - 1):
        dialog.tick()
    assert session.commands[-1] == "reject proposal 488"
    assert not person.application.dialogs


def test_the_peer_takes_it_back(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    session.withdraws_proposal()
    person.settle()
    assert not person.application.dialogs
    assert "proposal" not in " ".join(session.commands)


def test_the_call_ends_meanwhile(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    session.ends()
    person.settle()
    assert not person.application.dialogs
    assert not person.application.proposals.findChildren(PeerRequest)  # nothing of it stays


def test_taken_back_while_it_is_being_accepted(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    session.state = "connected"  # its notification is still on the way
    person.click(asked(person).ui.acceptButton)
    assert not person.application.dialogs
    assert person.panel(session).call.stage is CallStage.TALKING


def test_what_could_not_be_added_is_told(person: Person, session: FakeSession) -> None:
    session.proposes("audio")
    person.settle()
    person.click(asked(person).ui.acceptButton)
    streams = session.proposed_streams
    announce("SIPSessionHadProposalFailure", session, originator="remote", failure_reason="no codec in common", streams=streams,
             proposed_streams=streams)  # fmt: skip
    person.settle()
    assert person.panel(session).ui.noticeLabel.text() == "Could not be added to the call: more sound (no codec in common)."


def test_our_own_proposal_is_not_asked(person: Person, session: FakeSession) -> None:
    session.state = "sending_proposal"
    streams = [FakeStream(type="video")]
    announce("SIPSessionGotProposal", session, originator="local", streams=streams, proposed_streams=streams)
    person.settle()
    assert not person.application.dialogs


def test_what_there_is_no_window_for_is_refused_and_told(person: Person, session: FakeSession) -> None:
    session.proposes("video", "screen-sharing")
    person.settle()
    assert session.commands[-1] == "reject proposal 488"
    assert not person.application.dialogs
    told = "bob@example.com wanted to add to the call: video and a screen. BlinkQ has no window for it."
    assert person.panel(session).ui.noticeLabel.text() == told
