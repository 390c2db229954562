"""Presence, calls and voicemail as lines of text for people."""

from __future__ import annotations

from blinkq.payloads.messagesummary import MessageSummary
from blinkq.payloads.pidf import PIDF, DMNote, Person, Service, Status
from blinkq.payloads.rlsnotify import Resource
from blinkq.payloads.rpid import Activities
from blinkq.sipsimple.account_dialog_events import DialogResource

__all__ = ["dialog_line", "presence_document", "presence_line", "summary_lines"]

_KINDS = {
    "voice-message": "voice", "fax-message": "fax", "text-message": "text", "pager-message": "pager", "multimedia-message": "multimedia",
}  # fmt: skip


def presence_document(entity: str, state: str, note: str) -> PIDF:
    """What ``blinkq presence publish`` publishes for a state's name.

    :param entity: our URI
    """
    service = Service("blinkq", Status("closed" if state == "offline" else "open"))
    person = Person("person")
    if state not in ("available", "offline"):
        person.activities = Activities()
        person.activities.add(state)
    if note:
        person.notes.add(DMNote(note))
    pidf = PIDF(entity)
    pidf.add(service)
    pidf.add(person)
    return pidf


def presence_line(resource: Resource) -> str:
    """One line: who, open or closed, what they do, what they say."""
    words = [_subscription(resource.state, resource.reason)]
    for pidf in resource.pidf_list:
        basics = [service.status.basic for service in pidf.services if service.status is not None and service.status.basic]
        words.append("open" if "open" in basics else "closed" if basics else "")
        words += [", ".join(person.activities.values) for person in pidf.persons if person.activities is not None]
        words += [f"“{note}”" for element in (pidf, *pidf.elements) for note in element.notes if str(note)]
    if resource.state == "active" and not any(words):
        words.append("no state is published")
    return "  ".join(word for word in [resource.uri, *words] if word)


def dialog_line(resource: DialogResource) -> str:
    """One line: who, and which calls."""
    calls = []
    for dialog in resource.dialogs:
        identity = dialog.remote.identity if dialog.remote is not None else None
        peer = "" if identity is None else f" {identity.display or identity.value}"
        way = {"initiator": "calls", "recipient": "called by"}.get(dialog.direction or "", "call")
        calls.append(f"{dialog.state} ({way}{peer})" if peer else str(dialog.state))
    state = _subscription(resource.state, resource.reason) or ("busy" if resource.busy else "free")
    return "  ".join([resource.uri, state, *calls])


def summary_lines(summary: MessageSummary) -> str:
    """One line for each kind of message that waits or was heard."""
    known = [(_KINDS[kind], counts) for kind, counts in summary.summaries.items() if kind in _KINDS]
    lines = [f"{kind}: {counts['new_messages']} new, {counts['old_messages']} old" for kind, counts in known]
    if not summary.messages_waiting:
        return "no messages wait" + (f" ({'; '.join(lines)})" if lines else "")
    return "; ".join(lines) or "messages wait"


def _subscription(state: str | None, reason: str | None) -> str:
    if state == "active":
        return ""
    return "not known" + (f": {reason}" if reason else "") if state == "terminated" else (state or "")
