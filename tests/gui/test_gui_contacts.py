"""Contacts with their presence, neighbours on the local network, our own state, voicemail."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import QModelIndex, QPoint, Qt
from PyQt6.QtWidgets import QApplication, QMenu, QMessageBox
from support.fake_middleware import FakeAccount, announce
from support.fake_people import FakePeople
from support.gui_person import Person

from blinkq.app.contact_dialog import ContactDialog
from blinkq.app.contact_list import Person as Somebody
from blinkq.app.contact_tree import PERSON_ROLE, presence_dot
from blinkq.app.people import ContactEntry, Neighbour
from blinkq.sipsimple.availability import Availability

BOB, CAROL = "sip:bob@example.com", "sip:carol@example.com"


@pytest.fixture
def people(person: Person) -> FakePeople:
    """Bob in a group, Carol in none; the tab of the contacts is shown."""
    people = person.middleware.people
    people.save_contact(ContactEntry("Bob Builder", (BOB, "sip:bob@home.example.com"), "Work"))
    people.save_contact(ContactEntry("Carol Jones", (CAROL,)))
    person.ui.bodyTabs.setCurrentIndex(1)
    person.settle()
    return people


def shown(person: Person) -> list[str]:
    """The tree as lines: headings, and people with their state."""
    model, lines = person.application.window._contacts_pane.model, []
    for row in range(model.rowCount()):
        heading = model.index(row, 0)
        lines.append(f"[{heading.data()}]")
        for below in range(model.rowCount(heading)):
            index = model.index(below, 0, heading)
            lines.append(str(index.data(Qt.ItemDataRole.AccessibleTextRole)))
    return lines


def row_of(person: Person, name: str) -> QModelIndex:
    model = person.application.window._contacts_pane.model
    headings = [model.index(row, 0) for row in range(model.rowCount())]
    rows = [model.index(row, 0, heading) for heading in headings for row in range(model.rowCount(heading))]
    return next(index for index in rows if index.data() == name)


def double_click(person: Person, name: str) -> None:
    tree, index = person.ui.contactTree, row_of(person, name)
    tree.scrollTo(index)
    place = tree.visualRect(index).center()
    person.qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    person.qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    person.settle()


def dialog(person: Person) -> Any:
    person.settle()
    (opened,) = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, ContactDialog) and widget.isVisible()]
    return opened


def entries(person: Person, name: str) -> QMenu:
    """The context menu of somebody."""
    tree = person.ui.contactTree
    tree.customContextMenuRequested.emit(tree.visualRect(row_of(person, name)).center())
    (menu,) = [menu for menu in person.application.window.findChildren(QMenu) if menu.isVisible()]
    return menu


def choose(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_without_contacts_it_says_so(person: Person) -> None:
    person.ui.bodyTabs.setCurrentIndex(1)
    assert person.ui.bodyStack.currentWidget() is person.ui.contactsPage
    assert person.ui.noContactsLabel.isVisible()
    assert not person.ui.contactTree.isVisible()


def test_contacts_in_their_groups(person: Person, people: FakePeople) -> None:
    assert shown(person) == [
        "[Contacts]", "Carol Jones, carol@example.com, Presence not known",
        "[Work]", "Bob Builder, bob@example.com, bob@home.example.com, Presence not known",
    ]  # fmt: skip
    assert not person.ui.noContactsLabel.isVisible()


def test_presence_and_calls_are_shown(person: Person, people: FakePeople, alice: FakeAccount) -> None:
    people.is_there(alice, BOB, Availability.BUSY, "Painting")
    people.calls(alice, BOB, True)
    people.is_there(alice, CAROL, Availability.OFFLINE)
    person.settle()
    assert shown(person)[1] == "Carol Jones, carol@example.com, Offline"
    assert shown(person)[3].endswith("Busy, in a call, Painting")
    somebody: Somebody = row_of(person, "Bob Builder").data(PERSON_ROLE)
    assert somebody.state.in_call
    people.calls(alice, BOB, False)
    people.is_lost(alice, BOB)
    person.settle()
    assert shown(person)[3].endswith("Presence not known")
    assert not person.ui.contactTree.grab().isNull()  # painted in every state


def test_the_second_address_tells_what_the_first_does_not(person: Person, people: FakePeople, alice: FakeAccount) -> None:
    people.is_lost(alice, BOB)
    people.is_there(alice, "sip:bob@home.example.com", Availability.AWAY)
    person.settle()
    assert shown(person)[3].endswith("Away")


def test_an_account_that_goes_takes_its_presence_along(person: Person, people: FakePeople, alice: FakeAccount) -> None:
    people.is_there(alice, CAROL, Availability.AVAILABLE)
    announce("SIPAccountDidDeactivate", alice)
    person.settle()
    assert shown(person)[1].endswith("Presence not known")


def test_a_double_click_calls(person: Person, people: FakePeople) -> None:
    double_click(person, "Bob Builder")
    (panel,) = person.application.window.panels.values()
    assert (panel.call.uri, panel.call.name) == (BOB, "Bob Builder")


def test_enter_calls_and_the_keyboard_gets_there(person: Person, people: FakePeople) -> None:
    person.ui.contactTree.setFocus()
    person.ui.contactTree.setCurrentIndex(row_of(person, "Carol Jones"))
    person.qtbot.keyClick(person.ui.contactTree, Qt.Key.Key_Return)
    (panel,) = person.application.window.panels.values()
    assert panel.call.uri == CAROL


def test_the_selection_stays_while_presence_comes(person: Person, people: FakePeople, alice: FakeAccount) -> None:
    person.ui.contactTree.setCurrentIndex(row_of(person, "Bob Builder"))
    people.is_there(alice, CAROL, Availability.AVAILABLE)
    people.save_contact(ContactEntry("Aaron", ("sip:aaron@example.com",)))
    person.settle()
    assert person.ui.contactTree.currentIndex().data() == "Bob Builder"


def test_closed_groups_stay_closed(person: Person, people: FakePeople, alice: FakeAccount) -> None:
    tree, heading = person.ui.contactTree, person.application.window._contacts_pane.model.index(1, 0)
    tree.setExpanded(heading, False)
    people.is_there(alice, BOB, Availability.AVAILABLE)
    person.settle()
    assert not tree.isExpanded(heading)
    assert tree.isExpanded(person.application.window._contacts_pane.model.index(0, 0))


def test_adding_a_contact(person: Person, people: FakePeople) -> None:
    person.ui.addContactAction.trigger()
    ui = dialog(person).ui
    person.click(ui.saveButton)
    assert ui.hintLabel.text() == "Type the address of the contact, such as bob@example.com."
    person.qtbot.keyClicks(ui.nameEdit, "Dave")
    person.qtbot.keyClicks(ui.addressEdit, "dave")
    ui.moreEdit.setPlainText("dave smith@example.com")
    person.click(ui.saveButton)
    assert ui.hintLabel.text().startswith("dave smith@example.com: ")
    ui.moreEdit.setPlainText("+49 30 12345\n\n")
    ui.groupSelector.setCurrentText("Family")
    person.click(ui.watchBox)
    ui.saveButton.click()
    person.settle()
    assert people.entries[-1] == ContactEntry(
        "Dave", ("sip:dave@example.com", "sip:+493012345@example.com"), "Family", watched=False, id="c2"
    )  # fmt: skip
    assert "[Family]" in shown(person)


def test_changing_and_removing_by_the_menu(person: Person, people: FakePeople, monkeypatch: pytest.MonkeyPatch) -> None:
    menu = entries(person, "Bob Builder")
    assert [action.text() for action in menu.actions()] == [
        "Call bob@example.com", "Call bob@home.example.com", "Chat with bob@example.com", "Send files to bob@example.com…",
            "View the screen of bob@example.com…", "Share my screen with bob@example.com…",
        "Chat with bob@home.example.com", "Send files to bob@home.example.com…",
            "View the screen of bob@home.example.com…", "Share my screen with bob@home.example.com…", "Put the address into the dial box",
        "Change contact…", "Remove contact…",
    ]  # fmt: skip
    choose(menu, "Change contact…")
    ui = dialog(person).ui
    assert ui.moreEdit.toPlainText() == "bob@home.example.com"
    ui.nameEdit.setText("Robert")
    ui.saveButton.click()
    person.settle()
    assert shown(person)[3].startswith("Robert, ")
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.buttons()[0].click())
    person.ui.contactTree.setCurrentIndex(row_of(person, "Robert"))
    person.qtbot.keyClick(person.ui.contactTree, Qt.Key.Key_Delete)
    person.settle()
    assert shown(person) == ["[Contacts]", "Carol Jones, carol@example.com, Presence not known"]


def test_the_second_address_can_be_called(person: Person, people: FakePeople) -> None:
    choose(entries(person, "Bob Builder"), "Call bob@home.example.com")
    (panel,) = person.application.window.panels.values()
    assert panel.call.uri == "sip:bob@home.example.com"


def test_who_calls_has_the_name_in_the_contacts(person: Person, people: FakePeople) -> None:
    person.called_by("bob", "Somebody else")
    assert person.dialog.ui.titleLabel.text() == "Bob Builder"  # type: ignore[attr-defined]


def test_contacts_complete_what_is_typed(person: Person, people: FakePeople) -> None:
    completer = person.ui.dialBox.completer()
    assert completer is not None
    completer.setCompletionPrefix("build")
    assert completer.currentCompletion() == "Bob Builder <bob@example.com>"
    person.call("carol@example.com").ends()
    person.settle()
    completer.setCompletionPrefix("carol")
    assert completer.completionCount() == 1  # once, with the name


def test_a_recent_call_becomes_a_contact(person: Person) -> None:
    person.call("dave@example.com").ends()
    person.settle()
    recent = person.ui.recentList
    recent.customContextMenuRequested.emit(QPoint(20, 20))
    (menu,) = [menu for menu in person.application.window.findChildren(QMenu) if menu.isVisible()]
    choose(menu, "Add to the contacts…")
    assert dialog(person).ui.addressEdit.text() == "dave@example.com"
    dialog(person).reject()


# neighbours ------------------------------------------------------------------------------------------------------------------------


def test_neighbours_appear_change_and_go(person: Person, people: FakePeople) -> None:
    person.ui.localNetworkAction.trigger()
    assert people.on_local_network
    eve = Neighbour("eve", "Eve", "eves-laptop", "sip:x1@192.0.2.7:5062;transport=tcp", Availability.AWAY, "Lunch")
    people.appears(eve)
    person.settle()
    assert shown(person)[-2:] == ["[On the local network]", "Eve, x1@192.0.2.7:5062, Away, Lunch"]
    menu = entries(person, "Eve")
    assert "Change contact…" not in [action.text() for action in menu.actions()]
    menu.close()
    double_click(person, "Eve")
    (panel,) = person.application.window.panels.values()
    assert panel.call.uri == eve.uri
    assert panel.call.account is people.local
    person.middleware.sessions[-1].ends()
    person.settle()
    person.ui.bodyTabs.setCurrentIndex(0)
    person.ui.redialAction.trigger()
    assert list(person.application.window.panels.values())[-1].call.account is people.local
    person.ui.bodyTabs.setCurrentIndex(1)
    people.goes(eve)
    person.settle()
    assert shown(person)[-1] == "[On the local network]"
    person.ui.localNetworkAction.trigger()
    person.settle()
    assert "[On the local network]" not in shown(person)


def test_a_neighbour_calls(person: Person, people: FakePeople) -> None:
    person.middleware.default = people.local
    person.called_by("x1", "Eve")
    assert person.dialog.ui.accountLabel.text() == "From the local network"  # type: ignore[attr-defined]


# our own state ---------------------------------------------------------------------------------------------------------------------


def test_our_own_state_is_told(person: Person) -> None:
    people, ui = person.middleware.people, person.ui
    assert people.said == [(Availability.AVAILABLE, "")]  # at the start
    assert not ui.stateSelector.isVisible()
    people.publishing = True
    announce("CFGSettingsObjectDidChange", person.middleware.known[0], modified={})
    person.settle()
    assert ui.stateSelector.isVisible()
    assert [ui.stateSelector.itemText(row) for row in range(4)] == ["Available", "Busy", "Away", "Invisible"]
    person.qtbot.keyClick(ui.stateSelector, Qt.Key.Key_Down)
    ui.stateSelector.activated.emit(1)
    assert people.said[-1] == (Availability.BUSY, "")
    person.qtbot.keyClicks(ui.noteEdit, "Writing")
    assert people.said[-1] == (Availability.BUSY, "")  # not every letter
    person.qtbot.keyClick(ui.noteEdit, Qt.Key.Key_Return)
    assert people.said[-1] == (Availability.BUSY, "Writing")
    announce("SIPAccountDidActivate", FakeAccount("new@example.com"))
    person.settle()
    assert people.said[-1] == (Availability.BUSY, "Writing")
    assert len(people.said) == 4  # the new account is told, too
    count = len(people.said)
    ui.noteEdit.editingFinished.emit()
    assert len(people.said) == count


def test_voicemail(person: Person, alice: FakeAccount) -> None:
    people, button = person.middleware.people, person.ui.voicemailButton
    assert not button.isVisible()
    people.mailboxes[alice.id] = "sip:mailbox@example.com"
    person.application.accounts.reload()
    assert button.isVisible()
    assert button.toolTip() == "No new voicemail. Press to call the mailbox."
    people.voicemail(alice, "Messages-Waiting: yes\r\nVoice-Message: 3/8\r\n")
    person.settle()
    assert button.text() == "3"
    assert button.toolTip() == "New voicemail: 3. Press to hear it."
    people.voicemail(alice, "Messages-Waiting: yes\r\n")
    person.settle()
    assert button.toolTip() == "There is new voicemail. Press to hear it."
    person.click(button)
    (panel,) = person.application.window.panels.values()
    assert (panel.call.uri, panel.call.name, panel.call.account) == ("sip:mailbox@example.com", "Voicemail", alice)
    people.voicemail(alice, "Messages-Waiting: no\r\nVoice-Message: 0/8\r\n")
    person.settle()
    assert button.text() == ""


def test_dots_differ_in_more_than_colour(qapp: QApplication) -> None:
    pictures = {presence_dot(state, "#000000").pixmap(12, 12).toImage().bits().asstring(12 * 12 * 4) for state in Availability}  # type: ignore[union-attr]
    assert len(pictures) == len(Availability)
