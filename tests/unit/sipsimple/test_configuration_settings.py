"""The settings that are declared: what they say when they are given nonsense, their second names, and those that only are kept."""

from __future__ import annotations

from typing import Any

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.sipsimple.account import Account
from blinkq.sipsimple.configuration import (
    InvalidSettingError,
    ModifiedValue,
    Setting,
    SettingsGroup,
    SettingsObject,
    SettingsObjectExtension,
    iter_settings,
)
from blinkq.sipsimple.configuration.settings import AudioSettings, SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.session.destination import target_of


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sip.udp_port", "http", "sip.udp_port cannot be 'http': a whole number is wanted, not 'http'"),
        ("sip.udp_port", 70000, "sip.udp_port cannot be 70000: a port is a number from 0 to 65535, not 70000"),
        ("audio.sample_rate", 44100, "audio.sample_rate cannot be 44100: a sample rate is one of 8000, 16000, 32000, 48000, not 44100"),
        ("rtp.audio_codec_list", ["mp3"],
         "rtp.audio_codec_list cannot be ['mp3']: an audio codec is one of opus, G722, PCMU, PCMA, not 'mp3'"),
        ("rtp.port_range", 5, "rtp.port_range cannot be 5"),
        ("tls.verify_server", None, "tls.verify_server cannot be None: something is wanted here"),
        ("tls.verify_server", [], "tls.verify_server cannot be []: true or false is wanted, not []"),
        ("tls.verify_server", "perhaps", "tls.verify_server cannot be 'perhaps': true or false is wanted, not 'perhaps'"),
        ("video.h264.profile", "huge", "video.h264.profile cannot be 'huge': an H.264 profile is one of baseline, main, high, not 'huge'"),
    ],
)  # fmt: skip
def test_a_bad_value_names_the_setting_the_value_and_what_is_allowed(path: str, value: Any, message: str) -> None:
    start_configuration()
    container: Any = SIPSimpleSettings()
    *groups, name = path.split(".")
    for each in groups:
        container = getattr(container, each)
    before = getattr(container, name)
    with pytest.raises(InvalidSettingError) as caught:
        setattr(container, name, value)
    assert str(caught.value).startswith(message)
    assert (caught.value.setting, caught.value.value) == (path, value)
    assert getattr(container, name) == before


def test_tcp_and_tls_have_different_ports(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("ERROR"):
        start_configuration({"SIPSimpleSettings": {"sip": {"tcp_port": "5061", "tls_port": "5061"}}})
        recorder = Recorder("CFGManagerLoadFailed")
        settings = SIPSimpleSettings()
    assert (settings.sip.tcp_port, settings.sip.tls_port) == (5061, 0)
    assert recorder.last("CFGManagerLoadFailed").attribute == "sip.tls_port"
    with pytest.raises(InvalidSettingError, match=r"sip\.tls_port cannot be 5061: TCP and TLS cannot have the same port"):
        settings.sip.tls_port = 5061  # type: ignore[assignment]
    settings.sip.tcp_port = 0  # type: ignore[assignment]
    settings.sip.tls_port = 5061  # type: ignore[assignment]
    with pytest.raises(InvalidSettingError):
        settings.sip.tcp_port = 5061  # type: ignore[assignment]


def test_settings_have_the_names_of_the_sdk_too() -> None:
    start_configuration()
    account = Account("alice@example.com")
    recorder = Recorder("CFGSettingsObjectDidChange")
    account.sip.register = False
    account.sip.register_interval = "300"
    account.auth.password = "secret"
    account.save()
    assert (account.registration.enabled, account.registration.interval, account.password) == (False, 300, "secret")
    assert (account.sip.register, account.sip.register_interval, account.auth.password) == (False, 300, "secret")
    assert {"registration.enabled", "registration.interval", "password"} == set(recorder.last("CFGSettingsObjectDidChange").modified)
    assert not any(reference.path.startswith("sip.register") for reference in iter_settings(account))
    with pytest.raises(InvalidSettingError, match=r"registration.interval cannot be 0"):
        account.sip.register_interval = 0


def test_encryption_can_be_said_in_the_sdks_words() -> None:
    start_configuration()
    account = Account("alice@example.com")
    encryption = account.rtp.encryption
    seen = []
    for enabled, negotiation in ((True, "sdes_mandatory"), (False, "sdes_mandatory"), (True, "opportunistic")):
        encryption.enabled = enabled
        encryption.key_negotiation = negotiation
        seen.append((account.rtp.srtp_encryption, encryption.enabled, encryption.key_negotiation))
    assert seen == [("mandatory", True, "sdes_mandatory"), ("disabled", False, "opportunistic"), ("optional", True, "opportunistic")]
    with pytest.raises(ValueError, match="a key negotiation is one of"):
        encryption.key_negotiation = "zrtp"
    with pytest.raises(ValueError, match="True or False is wanted"):
        encryption.enabled = "maybe"


def test_a_kept_setting_says_why_it_has_no_effect() -> None:
    start_configuration()
    kept = {reference.path: reference.setting.doc for reference in iter_settings(SIPSimpleSettings()) if reference.setting.is_kept}
    assert kept["video.device"] == "kept for compatibility: there is no video"
    assert all(len(doc) > len("kept for compatibility: ") for doc in kept.values())
    assert "sip.udp_port" not in kept
    assert not any(not reference.setting.doc for reference in [*iter_settings(SIPSimpleSettings()), *iter_settings(Account("a@b.example"))])


def test_an_application_extends_a_group_and_inherits_the_rest() -> None:
    class Louder(AudioSettings):
        volume = Setting(int, 11)

    class Mine(SettingsGroup):
        colour = Setting(str, "red")

    class Extension(SettingsObjectExtension):
        audio = Louder
        mine = Mine

    class Extended(SIPSimpleSettings):
        __id__ = "Extended"

    Extended.register_extension(Extension)
    backend = start_configuration({"Extended": {"audio": {"volume": "3", "silent": "true"}}})
    settings: Any = Extended()
    assert (settings.audio.volume, settings.audio.silent, settings.audio.input_device) == (3, True, "system_default")
    settings.mine.colour = "blue"
    recorder = Recorder("CFGSettingsObjectDidChange")
    settings.save()
    assert recorder.last("CFGSettingsObjectDidChange").modified == {"mine.colour": ModifiedValue("red", "blue")}
    assert backend.data["Extended"] == {"audio": {"volume": "3", "silent": "true"}, "mine": {"colour": "blue"}}


def test_objects_that_live_already_are_extended_too(caplog: pytest.LogCaptureFixture) -> None:
    class Louder(AudioSettings):
        volume = Setting(int, 11)

    class Extension(SettingsObjectExtension):
        audio = Louder
        colour = Setting(str, "red")
        size = Setting(int, 1)

    class Extended(SIPSimpleSettings):
        __id__ = "Extended"

    with caplog.at_level("ERROR"):
        start_configuration({"Extended": {"audio": {"volume": "3", "silent": "true"}, "colour": "blue", "size": "large"}})
        settings: Any = Extended()
        assert not hasattr(settings, "colour")
        recorder = Recorder("CFGManagerLoadFailed")
        Extended.register_extension(Extension)
    assert (settings.audio.volume, settings.audio.silent, settings.colour, settings.size) == (3, True, "blue", 1)
    assert [data.attribute for data in recorder.all("CFGManagerLoadFailed")] == ["size"]


def test_types_of_applications_know_their_stored_form() -> None:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

        def __getstate__(self) -> list[str]:
            return [str(self.x)]

        def __setstate__(self, state: list[str]) -> None:
            if len(state) != 1:
                raise ValueError("one number is wanted")
            self.x = int(state[0])

    class Place(SettingsObject):
        __id__ = "Place"

        here = Setting(Point, Point(1))

    backend = start_configuration({"Place": {"here": ["5"]}})
    place = Place()
    assert place.here.x == 5
    place.here = Point(7)
    place.save()
    assert backend.data["Place"] == {"here": ["7"]}
    assert Place.here.isset(place)
    assert not Place.here.isdirty(place)




def test_where_calls_of_an_account_go() -> None:
    start_configuration()
    account = Account("alice@example.com")

    def hop(uri: str) -> str:
        return str(target_of(account, SIPURI.parse(uri)))

    assert hop("sip:bob@elsewhere.example") == "sip:example.com"
    assert hop("sips:bob@elsewhere.example") == "sips:example.com"
    for direct in ("sip:bob@192.0.2.1", "sip:bob@elsewhere.example:5080", "sip:bob@[2001:db8::1]", "sip:bob@localhost"):
        assert hop(direct) == direct
    account.sip.always_use_my_proxy = False
    assert hop("sip:bob@elsewhere.example") == "sip:bob@elsewhere.example"
    account.sip.outbound_proxy = "proxy.example:5080;transport=tcp"  # type: ignore[assignment]
    assert hop("sip:bob@192.0.2.1") == "sip:proxy.example:5080;transport=tcp"
