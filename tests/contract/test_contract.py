"""The package has every class, method, attribute and notification of the specification, in that shape, except for a strict list.

specification.toml is the specification; absent.toml lists what of it is not there yet. What is absent without being listed fails, what is
there although it is listed fails as well, and so does what is there in another shape, listed or not.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from contract_entries import Absent, Entry, Specified, entries, read_specification
from support.middleware import Recorder, start_configuration

from blinkq.base import catalogue
from blinkq.sipsimple import notifications  # noqa: F401 - declares what is posted
from blinkq.sipsimple.account import Account, BonjourAccount
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.audio import AudioBridge, AudioDevice, WavePlayer, WaveRecorder
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.datatypes import IPAddress
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, FrozenRouteHeader, FrozenSIPURI, RouteHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.streams import AudioStream
from blinkq.sipsimple.util import Route

HERE = Path(__file__).parent
ENTRIES = [entry for cls in read_specification(HERE / "specification.toml") for entry in entries(cls)]
ABSENT: list[str] = tomllib.loads((HERE / "absent.toml").read_text("utf-8"))["absent"]


@pytest.fixture(scope="module")
def objects() -> Iterator[Mapping[str, object]]:
    """An object of every class whose attributes its ``__init__`` makes."""
    Singleton.forget()
    start_configuration()
    mixer = object()  # nothing sounds here
    Runtime.voice_audio_mixer = mixer  # type: ignore[assignment]  # see above
    yield {
        "Account": Account("alice@example.org"),
        "AudioBridge": AudioBridge(mixer),  # type: ignore[arg-type]  # see above, and below
        "AudioDevice": AudioDevice(mixer),  # type: ignore[arg-type]
        "AudioStream": AudioStream(),
        "BonjourAccount": BonjourAccount(),
        "FrozenSIPURI": FrozenSIPURI("example.org"),
        "Route": Route("192.0.2.1"),
        "SIPSimpleSettings": SIPSimpleSettings(),
        "SIPURI": SIPURI("example.org"),
        "Session": Session(Account("alice@example.org")),
        "WavePlayer": WavePlayer(mixer, "ring.wav"),  # type: ignore[arg-type]
        "WaveRecorder": WaveRecorder(mixer, "call.wav"),  # type: ignore[arg-type]
    }
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()
    SIPApplication.forget()


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_entry(entry: Entry, objects: Mapping[str, object]) -> None:
    if entry.id in ABSENT:
        # what is there, in whatever shape, is not absent
        with pytest.raises(Absent):
            entry.check(objects)
    else:
        entry.check(objects)


def test_entries_are_unique() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert len(ids) == len(set(ids))


def test_what_is_absent_is_specified_and_listed_once() -> None:
    assert set(ABSENT) <= {entry.id for entry in ENTRIES}
    assert len(ABSENT) == len(set(ABSENT))


def test_every_notification_tells_when_it_was_sent() -> None:
    seen = Recorder("WavePlayerDidStart")
    catalogue.post("WavePlayerDidStart", object())
    assert isinstance(seen.last("WavePlayerDidStart").timestamp, datetime.datetime)


@pytest.mark.parametrize("header", [RouteHeader, FrozenRouteHeader])
def test_a_route_makes_a_route_header(header: type[RouteHeader]) -> None:
    uri = header(Route("192.0.2.1", port=1234, transport="TLS").get_uri()).uri
    assert (uri.host, uri.port, uri.parameters["transport"]) == ("192.0.2.1", 1234, "tls")


def test_the_local_address_is_one_setting_under_two_names(objects: Mapping[str, object]) -> None:
    settings = objects["SIPSimpleSettings"]
    assert isinstance(settings, SIPSimpleSettings)
    settings.local_ip = IPAddress("192.0.2.1")
    assert settings.sip.local_ip == settings.local_ip == "192.0.2.1"
    settings.local_ip = None
    assert settings.sip.local_ip is None


def test_shared_attributes_can_be_set_on_subclasses() -> None:
    class Heir(SIPApplication):
        pass

    mixer = object()
    Heir.voice_audio_mixer = mixer  # type: ignore[assignment]  # nothing sounds here
    try:
        assert SIPApplication.voice_audio_mixer is mixer
    finally:
        SIPApplication.forget()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"methods": ["get_uri(kind)"]}, "takes \\[\\]"),
        ({"methods": ["__init__(host, port=None)"]}, "calls its parameter address"),
        ({"methods": ["__init__(address, port=5060)"]}, "the default of port is None"),
        ({"methods": ["__init__(address, port)"]}, "the default of port is None"),
        ({"methods": ["__init__()"]}, "demands address"),
        ({"classmethods": ["get_uri()"]}, "class method"),
        ({"attributes": ["get_uri"]}, "is a method"),
        ({"writable": ["uri"]}, "cannot be set"),
        ({"class_attributes": ["port"]}, "not readable on the class"),
        ({"bases": ["sipsimple.core.SIPURI"]}, "is no sipsimple.core.SIPURI"),
        ({"implements": ["sipsimple.audio.IAudioPort"]}, "does not say that it implements"),
        ({"singleton": True}, "missing 1 required|another object"),
        ({"notifications": {"AudioStreamDidStopRecordingAudio": ["reason"]}, "any_sender": True}, "may lack"),
        ({"notifications": {"AudioStreamDidStopRecordingAudio": ["size?"]}, "any_sender": True}, "never has"),
    ],
)  # fmt: skip
def test_what_is_there_in_another_shape_is_seen(said: dict[str, object], complaint: str) -> None:
    _import, wrong = entries(Specified({"name": "Route", "module": "sipsimple.util", **said}))
    with pytest.raises((AssertionError, TypeError), match=complaint):
        wrong.check({"Route": Route("192.0.2.1")})


@pytest.mark.parametrize(
    "said",
    [
        {"methods": ["go()"]}, {"attributes": ["hops"]}, {"attributes": ["tls.name"]}, {"also": ["sipsimple.audio"]},
        {"notifications": {"RouteDidVanish": []}}, {"notifications": {"WavePlayerDidStart": []}},
    ],
)  # fmt: skip
def test_what_is_not_there_is_absent(said: dict[str, object]) -> None:
    _import, missing = entries(Specified({"name": "Route", "module": "sipsimple.util", **said}))
    with pytest.raises(Absent):
        missing.check({"Route": Route("192.0.2.1")})
