"""What others offer together, taken in part: calls with more than sound, proposals in calls, sessions without sound."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_middleware import FakeStream, announce
from support.gui_person import Person

from blinkq.app.call import CallStage
from blinkq.app.file_transfer import TransferStage
from blinkq.app.incoming_dialog import IncomingDialog
from blinkq.app.peer_request_dialog import PeerRequestDialog


class Offer:
    """What carol offers, and what is done with it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.taken: list[Any] = []
        media, desktop = person.middleware.media, person.middleware.desktop
        self.sound, self.chat, self.file = FakeStream(), media.offered_chat(), media.offered_file("report.pdf", 2_100_000)
        self.view, self.show = desktop.offered("active"), desktop.offered("passive")

    def comes(self, *streams: Any) -> list[str]:
        """A session begins; returns the words of the boxes."""
        self.session = self.person.middleware.calls_in(streams=streams)
        self._watch("accept")
        self.person.settle()
        return self.words

    def is_proposed(self, *streams: Any) -> list[str]:
        self.session = self.person.call("bob@example.com")
        self._watch("accept_proposal")
        self.session.proposes_streams(*streams)
        self.person.settle()
        return self.words

    def _watch(self, method: str) -> None:
        accept = getattr(self.session, method)

        def note(streams: list[Any]) -> None:
            self.taken = list(streams)
            accept(streams)

        setattr(self.session, method, note)

    @property
    def dialog(self) -> Any:
        return self.person.dialog

    @property
    def words(self) -> list[str]:
        return [box.accessibleName() for box in self.dialog.choices.boxes]

    def toggle(self, *numbers: int) -> None:
        for number in numbers:
            self.dialog.choices.boxes[number].click()

    def answer(self) -> None:
        ui = self.dialog.ui
        self.person.click(ui.acceptButton if isinstance(self.dialog, PeerRequestDialog) else ui.answerButton)


@pytest.fixture
def offer(person: Person) -> Offer:
    return Offer(person)


def test_a_call_with_everything_is_taken_in_part(offer: Offer) -> None:
    words = offer.comes(offer.sound, offer.chat, offer.file, offer.view)
    assert words == ["Sound", "Chat", "File: report.pdf (2.1 MB)", "Look at a screen of theirs"]
    assert [box.isChecked() for box in offer.dialog.choices.boxes] == [True, True, False, True]  # files are not taken in passing
    offer.toggle(1, 2)
    offer.answer()
    assert offer.taken == [offer.sound, offer.file, offer.view]
    offer.session.proposed_streams = offer.taken
    offer.session.starts()
    offer.person.settle()
    assert offer.person.panel(offer.session).call.stage is CallStage.TALKING
    assert not offer.person.application.messages.chats.chats
    assert len(offer.person.application.desktops.windows) == 1
    panel = offer.person.panel(offer.session)
    assert panel.ui.viewButton.isChecked()
    assert not panel.ui.chatButton.isChecked()


def test_a_call_with_sound_alone_has_no_boxes(offer: Offer) -> None:
    offer.session = offer.person.middleware.calls_in(streams=[offer.sound])
    offer.person.settle()
    assert offer.dialog.choices is None
    assert not offer.dialog.ui.offersWidget.isVisible()


def test_a_call_answered_in_writing(offer: Offer) -> None:
    offer.comes(offer.sound, offer.chat)
    offer.toggle(0)
    offer.answer()
    assert offer.taken == [offer.chat]
    offer.session.proposed_streams = [offer.chat]
    offer.session.starts()
    offer.person.settle()
    panel = offer.person.panel(offer.session)
    assert panel.call.stage is CallStage.ENDED
    assert panel.ui.noticeLabel.text() == "Taken without the sound"
    (chat,) = offer.person.application.messages.chats.chats
    assert chat.open
    chat.end()
    assert offer.session.commands[-1] == "end"  # nothing else is left of it


def test_nothing_at_all_cannot_be_taken(offer: Offer) -> None:
    offer.comes(offer.sound, offer.chat)
    offer.toggle(0, 1)
    assert not offer.dialog.ui.answerButton.isEnabled()
    offer.toggle(1)
    assert offer.dialog.ui.answerButton.isEnabled()


def test_our_screen_is_not_shown_by_an_answer_in_passing(offer: Offer) -> None:
    offer.comes(offer.sound, offer.show)
    dialog = offer.dialog
    assert isinstance(dialog, IncomingDialog)
    assert dialog.choices is not None
    assert not dialog.choices.boxes[1].isChecked()
    dialog.choices.boxes[1].click()
    offer.answer()
    shared = offer.person.application.desktops.shared
    assert offer.session.commands == ["ring"]  # which one?
    offer.person.click(shared.dialogs[-1].share_button)
    assert offer.taken == [offer.sound, offer.show]
    assert shared.bars[-1].share.what.number == 1


def test_second_thoughts_about_the_screen_take_the_rest(offer: Offer) -> None:
    offer.comes(offer.sound, offer.show)
    offer.toggle(1)
    offer.answer()
    offer.person.click(offer.person.application.desktops.shared.dialogs[-1].cancel_button)
    assert offer.taken == [offer.sound]


def test_several_files_are_taken_one_by_one(offer: Offer) -> None:
    media = offer.person.middleware.media
    files = [media.offered_file(f"{name}.txt", 10) for name in ("a", "b", "c")]
    assert offer.comes(*files) == ["File: a.txt (10 bytes)", "File: b.txt (10 bytes)", "File: c.txt (10 bytes)"]
    assert offer.dialog.ui.headingLabel.text() == "Take files?"
    offer.toggle(1)
    offer.answer()
    assert offer.taken == [files[0], files[2]]
    offer.session.proposed_streams = offer.taken
    offer.session.starts()
    files[0].finishes("/tmp/a.txt")
    offer.person.settle()
    transfers = offer.person.application.messages.files.transfers
    assert [transfer.stage for transfer in transfers] == [TransferStage.DONE, TransferStage.CONNECTING]
    transfers[1].cancel()
    assert offer.session.commands[-1] == "remove file-transfer"  # the first one is not disturbed


def test_one_of_two_files_is_cancelled_before_they_begin(offer: Offer) -> None:
    files = [offer.person.middleware.media.offered_file(name, 10) for name in ("a.txt", "b.txt")]
    offer.comes(*files)
    offer.answer()
    transfers = offer.person.application.messages.files.transfers
    transfers[0].cancel()
    assert offer.session.commands[-1] == "accept"
    offer.session.starts()
    offer.person.settle()
    assert offer.session.commands[-1] == "remove file-transfer"
    assert transfers[1].stage is TransferStage.CONNECTING


def test_a_chat_and_a_screen_without_sound(offer: Offer) -> None:
    assert offer.comes(offer.chat, offer.view) == ["Chat", "Look at a screen of theirs"]
    offer.answer()
    assert offer.taken == [offer.chat, offer.view]
    offer.session.proposed_streams = offer.taken
    offer.session.starts()
    offer.person.settle()
    (chat,) = offer.person.application.messages.chats.chats
    chat.end()
    assert offer.session.commands[-1] == "remove chat"
    offer.session.removes(offer.chat, "local")
    offer.person.settle()
    offer.person.application.desktops.windows[0].close()
    assert offer.session.commands[-1] == "end"


def test_a_part_of_a_proposal(offer: Offer) -> None:
    assert offer.is_proposed(offer.chat, offer.file) == ["Chat", "File: report.pdf (2.1 MB)"]
    offer.toggle(0)
    offer.answer()
    assert offer.taken == [offer.file]
    offer.session.proposed_streams = offer.taken
    offer.session.runs_proposal()
    offer.person.settle()
    (transfer,) = offer.person.application.messages.files.transfers
    assert transfer.call is offer.person.panel(offer.session).call


def test_a_file_in_a_call_is_taken_or_refused(offer: Offer) -> None:
    offer.session = offer.person.call("bob@example.com")
    offer.session.proposes_streams(offer.file)
    offer.person.settle()
    assert offer.dialog.ui.headingLabel.text() == "Take a file?"
    assert "report.pdf (2.1 MB)" in offer.dialog.ui.questionLabel.text()
    offer.person.click(offer.dialog.ui.rejectButton)
    assert offer.session.commands[-1] == "reject proposal 603"  # a person says so: the sender need not try another way


def test_a_file_that_comes_in_a_call_is_removed_by_its_sender(offer: Offer) -> None:
    offer.session = offer.person.call("bob@example.com")
    offer.session.proposes_streams(offer.file)
    offer.person.settle()
    offer.answer()
    offer.session.runs_proposal()
    offer.file.starts()
    offer.file.finishes("/tmp/report.pdf")
    offer.session.removes(offer.file)  # type: ignore[arg-type]
    offer.person.settle()
    (transfer,) = offer.person.application.messages.files.transfers
    assert transfer.stage is TransferStage.DONE
    assert "remove" not in offer.session.commands[-1]


# sessions that are no calls --------------------------------------------------------------------------------------------------------


@pytest.fixture
def chatting(offer: Offer) -> Offer:
    """Carol chats with us."""
    offer.session = offer.person.middleware.calls_in(streams=[offer.chat])
    offer.person.settle()
    offer.answer()
    offer.session.starts()
    offer.person.settle()
    offer._watch("accept_proposal")
    return offer


def test_a_file_and_a_screen_come_to_a_chat(chatting: Offer) -> None:
    chatting.session.proposes_streams(chatting.file, chatting.view)
    chatting.person.settle()
    assert chatting.dialog.ui.titleLabel.text() == "Carol Jones"
    assert chatting.words == ["File: report.pdf (2.1 MB)", "Look at a screen of theirs"]
    chatting.answer()
    chatting.session.runs_proposal()
    chatting.person.settle()
    assert len(chatting.person.application.desktops.windows) == 1
    chatting.person.application.messages.files.transfers[0].cancel()
    assert chatting.session.commands[-1] == "remove file-transfer"


def test_a_chat_becomes_a_call_and_a_chat_again(chatting: Offer) -> None:
    chatting.session.proposes_streams(chatting.sound)
    chatting.person.settle()
    assert chatting.dialog.ui.questionLabel.text() == "wants to talk with you."
    chatting.answer()
    assert chatting.person.panel(chatting.session).call.stage is CallStage.ANSWERING
    chatting.session.runs_proposal()
    chatting.person.settle()
    panel = chatting.person.panel(chatting.session)
    assert panel.call.stage is CallStage.TALKING
    assert panel.ui.chatButton.isChecked()
    chatting.session.removes(chatting.sound)
    chatting.person.settle()
    assert panel.call.stage is CallStage.ENDED
    assert panel.ui.noticeLabel.text() == "The sound was removed; the rest goes on."
    (chat,) = chatting.person.application.messages.chats.chats
    assert chat.open
    chat.end()
    assert chatting.session.commands[-1] == "end"


@pytest.mark.expect_warnings
def test_the_sound_could_not_come(chatting: Offer) -> None:
    chatting.session.proposes_streams(chatting.sound)
    chatting.person.settle()
    chatting.answer()
    streams = [chatting.sound]
    announce("SIPSessionHadProposalFailure", chatting.session, originator="remote", failure_reason="no codec in common", streams=streams,
             proposed_streams=streams)  # fmt: skip
    chatting.person.settle()
    assert chatting.person.panel(chatting.session).call.stage is CallStage.FAILED


def test_a_chat_ends_while_a_person_is_asked(chatting: Offer) -> None:
    chatting.session.proposes_streams(chatting.sound)
    chatting.person.settle()
    chatting.session.ends()
    chatting.person.settle()
    assert not chatting.person.application.dialogs


def test_a_chat_refuses_what_there_is_no_window_for(chatting: Offer) -> None:
    chatting.session.proposes("video")
    chatting.person.settle()
    assert chatting.session.commands[-1] == "reject proposal 488"
