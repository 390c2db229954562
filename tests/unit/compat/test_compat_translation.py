"""Notifications under their modern names: right after the original, with the data that newer scripts read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.middleware import Recorder

from blinkq.base.catalogue import CATALOGUE, post
from blinkq.base.notification import NotificationCenter, NotificationData
from blinkq.compat.text import Text
from blinkq.compat.translation import ADDED_DATA, MODERN_NAMES, Translator
from blinkq.sipsimple import notifications  # noqa: F401 - declares what is posted

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "manual" / "compat.md"


class Sender:
    """Whoever posts."""


@pytest.fixture(autouse=True)
def translator() -> Iterator[Translator]:
    made = Translator()
    yield made
    made.close()


def data_for(name: str) -> dict[str, Any]:
    fields = {field: f"the {field}" for field in CATALOGUE[name].required}
    return {**fields, "code": 488} if "code" in fields else fields


@pytest.mark.parametrize("name", MODERN_NAMES)
def test_both_names_are_posted_one_after_the_other(name: str) -> None:
    recorder, sender = Recorder(), Sender()
    given = data_for(name)
    post(name, sender, **given)
    modern, fields = MODERN_NAMES[name]
    assert recorder.names == [name, modern]
    original, translated = recorder.seen
    assert translated.sender is sender
    expected = {field: value for field, value in given.items() if fields is None or field in fields}
    assert {field: value for field, value in vars(translated.data).items() if field != "timestamp"} == expected
    assert translated.data.timestamp == original.data.timestamp
    if fields is not None:
        assert set(fields) == set(expected), "the modern notification has all its data"


def test_what_is_posted_in_one_go_is_translated_in_order() -> None:
    recorder, sender = Recorder("Start", "AudioStreamDidTimeout", "RTPStreamDidTimeout", "Last"), Sender()

    class Poster:
        def handle_notification(self, notification: object) -> None:
            post("AudioStreamDidTimeout", sender)
            NotificationCenter().post_notification("Last", sender)

    poster = Poster()
    NotificationCenter().add_observer(poster, name="Start")
    NotificationCenter().post_notification("Start", sender)
    assert recorder.names == ["Start", "AudioStreamDidTimeout", "RTPStreamDidTimeout", "Last"]


def test_every_translated_notification_is_in_the_manual() -> None:
    text = MANUAL.read_text()
    assert [name for name, (modern, _) in MODERN_NAMES.items() if name not in text or modern not in text] == []
    assert set(ADDED_DATA) <= set(CATALOGUE)


def test_data_of_other_versions_is_there_for_the_first_observer() -> None:
    recorder = Recorder("SIPAccountRegistrationDidFail")
    post("SIPAccountRegistrationDidFail", Sender(), reason="timeout", error="timeout", registration=None, next_route=None, delay=12.5)
    data = recorder.last("SIPAccountRegistrationDidFail")
    assert (data.retry_after, data.timeout, data.delay) == (12.5, 12.5, 12.5)


def test_text_can_be_decoded_and_stays_text() -> None:
    recorder = Recorder("Anything")
    given = NotificationData(reason="Busy Here", words=["a", "b"], code=486, body=b"x", mixed=["a", 1], nothing=None)
    NotificationCenter().post_notification("Anything", Sender(), given)
    data = recorder.last("Anything")
    assert data.reason.decode() == data.reason == "Busy Here"
    assert [word.decode() for word in data.words] == ["a", "b"]
    assert (data.code, data.body, data.mixed, data.nothing) == (486, b"x", ["a", 1], None)
    assert type(Text("x").decode()) is str


def test_a_closed_translator_is_silent(translator: Translator) -> None:
    translator.close()
    translator.close()
    recorder = Recorder()
    post("AudioStreamDidTimeout", Sender())
    assert recorder.names == ["AudioStreamDidTimeout"]


@pytest.mark.parametrize("encrypted", [True, False])
def test_encrypted_streams_say_so(encrypted: bool) -> None:
    class Stream:
        srtp_active = encrypted

    recorder = Recorder()
    post("MediaStreamDidStart", Stream())
    post("MediaStreamDidStart", Sender())
    assert recorder.names.count("RTPStreamDidEnableEncryption") == encrypted
