"""Why chats, files and screens fail, for people."""

from __future__ import annotations

import pytest

from blinkq.sipsimple.explain_media import explain_media

BOB = "bob@example.com"
KINDS = {"chat": "takes no chats", "file-transfer": "takes no files", "desktop-sharing": "takes no shared screens"}


@pytest.mark.parametrize("code", [415, 488, 606])
@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_that_knows_no_such_thing(kind: str, code: int) -> None:
    text = explain_media(kind, code, "Not Acceptable Here", "", BOB, originator="remote").text()
    assert text == f"{BOB} {KINDS[kind]}. Their program may only take calls. ({code} Not Acceptable Here)"
    assert "codec" in explain_media("audio", 488, "Not Acceptable Here", "", BOB, originator="remote").text()


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_that_does_not_want_to(kind: str) -> None:
    assert explain_media(kind, 603, "Decline", "user request", BOB, originator="remote").text().startswith(f"{BOB} does not want")
    assert explain_media(kind, 486, "Busy Here", "user request", BOB, originator="remote").text().startswith(f"{BOB} is busy.")
    assert "404" in explain_media(kind, 404, "Not Found", "", BOB, originator="remote").text()


def test_a_stream_that_could_not_be_set_up_is_no_fault_of_the_sound() -> None:
    cause = "desktop-sharing media stream failed: The screen cannot be read: there is none."
    ours = explain_media("desktop-sharing", 0, None, cause, BOB, originator="local").text()
    assert ours == "The screen could not be shared. The screen cannot be read: there is none."
    theirs = explain_media("desktop-sharing", 0, None, cause, BOB, originator="remote").text()
    assert theirs == "The screen could not be shared. (The screen cannot be read: there is none.)"
    file = explain_media("file-transfer", 500, "Server Internal Error", "file-transfer media stream failed: Is a directory", BOB)
    assert file.text() == "The file could not be transferred. (Is a directory)"
    assert "sound" in explain_media("audio", 0, None, "audio media stream failed: no device", BOB, originator="local").text()


def test_a_connection_that_broke() -> None:
    text = explain_media("chat", 0, None, "chat media stream failed: the MSRP connection broke: closed", BOB, originator="local").text()
    assert text.startswith(f"The connection with {BOB} broke. Try again later.")
