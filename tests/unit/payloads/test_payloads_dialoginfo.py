"""Dialog information: documents, and the lamp they light."""

from __future__ import annotations

import pytest

from blinkq.payloads.dialoginfo import (
    Dialog,
    DialogInfo,
    DialogInfoState,
    DialogState,
    Identity,
    Local,
    Param,
    ReferredBy,
    Remote,
    Replaces,
    Target,
)
from blinkq.payloads.errors import BuilderError, ParserError

SAMPLE = b"""<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" entity="sip:alice@example.com">
  <dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" direction="initiator">
    <state event="rejected" code="486">terminated</state>
  </dialog>
  <dialog id="x" direction="recipient">
    <state>early</state><duration>274</duration>
    <remote><identity display="Bob">sip:bob@example.org</identity><target uri="sip:bob@192.0.2.4"><param pname="+sip.rendering"
      pval="no"/></target></remote>
  </dialog>
</dialog-info>"""


def info(version: int, state: str, **dialogs: str) -> DialogInfo:
    return DialogInfo(version, state, "sip:bob@x", [Dialog(name, DialogState(value)) for name, value in dialogs.items()])


def test_a_document_reads() -> None:
    ended, early = DialogInfo.parse(SAMPLE)
    assert (ended.state.value, ended.state.event, ended.state.code) == ("terminated", "rejected", 486)
    assert (ended.call_id, ended.direction) == ("a84b4c76e66710", "initiator")
    assert str(early.state) == "early"
    assert early.duration == 274
    assert early.remote == Remote(Identity("sip:bob@example.org", "Bob"), Target("sip:bob@192.0.2.4", [Param("+sip.rendering", "no")]))


def test_what_is_written_reads_the_same() -> None:
    dialog = Dialog("d", DialogState("confirmed"), "c", "l", "r", "recipient", 7, Replaces("x", "y", "z"), ReferredBy("sip:c@x", "C"),
                    Local(Identity("sip:a@x")), Remote(Identity("sip:b@x"), Target("sip:b@y"), 3))  # fmt: skip
    document = DialogInfo(2, "partial", "sip:a@x", [dialog])
    assert DialogInfo.parse(document.toxml()) == document
    assert len(document) == 1


def test_a_dialog_without_state_is_left_out_and_cannot_be_written() -> None:
    bare = '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" entity="x"><dialog id="1"/></dialog-info>'
    assert len(DialogInfo.parse(bare)) == 0
    with pytest.raises(BuilderError):
        DialogInfo(1, "full", "x", [Dialog("1", None)]).toxml()  # type: ignore[arg-type]
    with pytest.raises(ParserError):
        DialogInfo.parse("<dialog-info/>")


def test_the_lamp() -> None:
    table = DialogInfoState()
    assert not table.busy
    assert not table.apply(info(3, "partial", a="early"))
    assert table.apply(info(0, "full", a="early"))
    assert table.busy
    assert table.apply(info(1, "partial", a="confirmed", b="trying"))
    assert [dialog.state.value for dialog in table.dialogs] == ["confirmed", "trying"]
    assert table.apply(info(1, "partial", a="terminated"))  # an old one
    assert table.busy
    assert table.apply(info(2, "partial", a="terminated", b="terminated"))
    assert not table.busy
    assert not table.apply(info(4, "partial", a="early"))
    assert table.apply(info(0, "full", z="confirmed"))  # some servers always send version 0
    assert table.busy
    assert table.apply(info(0, "full"))
    assert not table.busy
