"""Settings objects: values, defaults, saving, loading, identity, extensions."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.middleware import Recorder, start_configuration

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.configuration import (
    ConfigurationBackendError,
    ConfigurationManager,
    DefaultValue,
    InvalidSettingError,
    ModifiedValue,
    NoSettingError,
    ObjectNotFoundError,
    RuntimeSetting,
    Setting,
    SettingsGroup,
    SettingsGroupMeta,
    SettingsObject,
    SettingsObjectExtension,
    SettingsObjectImmutableID,
    group,
    iter_settings,
)
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.datatypes import AudioCodecList, NonNegativeInteger, Port
from blinkq.sipsimple.configuration.migration import VERSION


class InnerSettings(SettingsGroup):
    deep = Setting(int, 7)


class SoundSettings(SettingsGroup):
    codecs = Setting(AudioCodecList, AudioCodecList(["opus", "PCMU"]))
    device: Setting[str | None] = Setting(str, "default", nillable=True)
    inner = group(InnerSettings)
    loud = Setting(bool, False)


class General(SettingsObject):
    __id__ = "General"

    name = Setting(str, "nobody", doc="a name")
    number = Setting(NonNegativeInteger, NonNegativeInteger(3))
    now = RuntimeSetting(bool, False)
    sound = group(SoundSettings)


class Thing(SettingsObject):
    __group__ = "Things"
    __id__ = SettingsObjectImmutableID(str)

    id = __id__
    enabled = Setting(bool, False)
    port = Setting(Port, Port(0))


def test_settings_need_the_configuration() -> None:
    with pytest.raises(IllegalStateError):
        General()
    with pytest.raises(IllegalStateError):
        ConfigurationManager().save()
    with pytest.raises(IllegalStateError):
        ConfigurationManager().get(["a"])
    with pytest.raises(TypeError):
        ConfigurationManager().start(object())  # type: ignore[arg-type]
    start_configuration()
    with pytest.raises(IllegalStateError):
        start_configuration()


def test_there_is_one_object_for_each_id() -> None:
    start_configuration()
    assert General() is General()
    assert Thing("a") is Thing("a")
    assert Thing("a") is not Thing("b")
    assert Thing("a").id == "a"
    with pytest.raises(TypeError, match="there is only one"):
        General("x")
    with pytest.raises(ValueError, match="needs an id"):
        Thing()
    with pytest.raises(TypeError, match="must be text"):
        Thing(3)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        Thing("a").id = "b"  # type: ignore[misc]


def test_defaults_and_values() -> None:
    start_configuration()
    settings = General()
    assert (settings.name, settings.number, settings.sound.device, settings.sound.inner.deep) == ("nobody", 3, "default", 7)
    settings.number = "5"  # type: ignore[assignment]
    assert settings.number == 5
    assert isinstance(settings.number, NonNegativeInteger)
    with pytest.raises(ValueError):
        settings.number = -1  # type: ignore[assignment]
    with pytest.raises(ValueError, match="name cannot be None: something is wanted"):
        settings.name = None  # type: ignore[assignment]
    settings.sound.device = None
    assert settings.sound.device is None
    settings.sound.device = DefaultValue
    assert settings.sound.device == "default"
    with pytest.raises(AttributeError):
        settings.sound = SoundSettings()
    with pytest.raises(TypeError):
        Setting(str)
    assert General.name.doc == "a name"
    assert isinstance(General.__dict__["sound"], SettingsGroupMeta)
    assert General.sound is SoundSettings


def test_saving_stores_only_what_was_set_and_tells_what_changed() -> None:
    backend = start_configuration({"General": {"unknown": "kept", "sound": {"loud": "yes"}}})
    recorder = Recorder()
    settings = General()
    assert settings.sound.loud is True
    settings.name = "Alice"
    settings.sound.codecs = AudioCodecList(["PCMA"])
    settings.sound.inner.deep = 9
    settings.now = True
    settings.save()
    modified = recorder.last("CFGSettingsObjectDidChange").modified
    assert modified == {
        "name": ModifiedValue("nobody", "Alice"),
        "now": ModifiedValue(False, True),
        "sound.codecs": ModifiedValue(AudioCodecList(["opus", "PCMU"]), AudioCodecList(["PCMA"])),
        "sound.inner.deep": ModifiedValue(7, 9),
    }
    assert backend.data == {
        "configuration_version": str(VERSION),
        "General": {"unknown": "kept", "name": "Alice", "sound": {"loud": "true", "codecs": ["PCMA"], "inner": {"deep": "9"}}},
    }
    recorder.clear()
    settings.save()
    assert recorder.names == []
    settings.sound.inner.deep = DefaultValue
    settings.save()
    assert "inner" not in backend.data["General"]["sound"]  # type: ignore[call-overload,index,operator]
    assert recorder.last("CFGSettingsObjectDidChange").modified == {"sound.inner.deep": ModifiedValue(9, 7)}


def test_runtime_settings_are_not_stored() -> None:
    backend = start_configuration()
    recorder = Recorder("CFGSettingsObjectDidChange")
    settings = General()
    settings.save()
    before = backend.data
    settings.now = True
    settings.save()
    assert recorder.last("CFGSettingsObjectDidChange").modified == {"now": ModifiedValue(False, True)}
    assert backend.data is before


def test_changes_can_be_undone() -> None:
    start_configuration()
    settings = General()
    settings.name = "x"
    settings.save()
    settings.name = "y"
    assert General.name.get_old(settings) == "x"
    General.name.undo(settings)
    assert settings.name == "x"
    recorder = Recorder("CFGSettingsObjectDidChange")
    settings.name = "z"
    settings.name = "x"
    settings.save()
    assert recorder.names == []


@pytest.mark.expect_warnings
def test_unusable_values_keep_their_default_and_are_reported() -> None:
    start_configuration(
        {"General": {"number": "many", "name": ["a", "b"], "sound": "noise"}, "Things": {"t": {"port": "99999", "enabled": {"x": "y"}}}}
    )
    recorder = Recorder("CFGManagerLoadFailed")
    settings, thing = General(), Thing("t")
    assert (settings.number, settings.name, thing.port, thing.enabled) == (3, "nobody", 0, False)
    assert sorted(data.attribute for data in recorder.all("CFGManagerLoadFailed")) == ["enabled", "name", "number", "port", "sound"]
    assert recorder.seen[0].data.container is settings
    errors = {data.attribute: str(data.error) for data in recorder.all("CFGManagerLoadFailed")}
    assert errors["number"] == "number cannot be 'many': a whole number is wanted, not 'many'"
    assert errors["sound"] == "sound cannot be 'noise': this is a group, not a value"


def test_the_life_of_an_object() -> None:
    backend = start_configuration({"Things": {"old": {"port": "5060"}}})
    recorder = Recorder()
    assert Thing("old").port == 5060
    assert recorder.names == ["CFGSettingsObjectWasActivated"]
    recorder.clear()
    new = Thing("new")
    assert recorder.names == []
    new.save()
    assert recorder.names == ["CFGSettingsObjectWasActivated", "CFGSettingsObjectWasCreated"]
    assert backend.data["Things"] == {"old": {"port": "5060"}, "new": {}}
    assert ConfigurationManager().get_names(["Things"]) == ["old", "new"]
    recorder.clear()
    new.delete()
    new.delete()
    assert recorder.names == ["CFGSettingsObjectWasDeleted"]
    assert backend.data["Things"] == {"old": {"port": "5060"}}
    new.enabled = True
    new.save()
    assert backend.data["Things"] == {"old": {"port": "5060"}}
    assert Thing("new") is not new
    with pytest.raises(TypeError):
        General().delete()


@pytest.mark.expect_warnings
def test_what_cannot_be_stored_stays_in_force() -> None:
    backend = start_configuration()

    def fail(data: object) -> None:
        raise ConfigurationBackendError("the disk is full")

    settings = General()
    settings.save()
    backend.save = fail  # type: ignore[method-assign,assignment]
    recorder = Recorder()
    settings.name = "kept"
    settings.save()
    assert settings.name == "kept"
    assert recorder.names == ["CFGManagerSaveFailed", "CFGSettingsObjectDidChange"]
    data = recorder.last("CFGManagerSaveFailed")
    assert (data.object, data.operation, list(data.modified), str(data.exception)) == (settings, "save", ["name"], "the disk is full")


def test_settings_by_path_and_text() -> None:
    start_configuration()
    settings = General()
    by_path = {reference.path: reference for reference in iter_settings(settings)}
    assert list(by_path) == ["name", "now", "number", "sound.codecs", "sound.device", "sound.loud", "sound.inner.deep"]
    by_path["sound.codecs"].set_text("PCMA, G722")
    assert by_path["sound.codecs"].text == "PCMA, G722"
    assert settings.sound.codecs == ["PCMA", "G722"]
    assert by_path["sound.loud"].text == "false"
    by_path["sound.loud"].set_text("on")
    assert settings.sound.loud is True
    with pytest.raises(ValueError, match="true or false"):
        by_path["sound.loud"].set_text("perhaps")
    by_path["sound.device"].set_text("")
    assert settings.sound.device is None
    assert by_path["sound.device"].text is None
    assert not by_path["sound.device"].is_default
    by_path["sound.device"].reset()
    assert by_path["sound.device"].is_default
    with pytest.raises(ValueError):
        by_path["number"].set_text("x")


def test_applications_extend_settings() -> None:
    class Louder(SoundSettings):
        volume = Setting(int, 11)

    class ThingExtension(SettingsObjectExtension):
        colour = Setting(str, "red")
        sound = Louder

    class Extended(Thing):
        pass

    Extended.register_extension(ThingExtension)
    start_configuration({"Things": {"t": {"colour": "blue", "sound": {"volume": "3"}}}})
    thing = Extended("t")
    assert (thing.colour, thing.sound.volume, thing.sound.device) == ("blue", 3, "default")  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        ThingExtension()
    with pytest.raises(TypeError):
        Extended.register_extension(Thing)  # type: ignore[arg-type]


def test_the_manager_reports_what_is_missing() -> None:
    start_configuration({"a": {"b": "c"}})
    manager = ConfigurationManager()
    with pytest.raises(ObjectNotFoundError):
        manager.get(["a", "b"])
    with pytest.raises(ObjectNotFoundError, match="no settings for a: x"):
        manager.delete(["a", "x"])
    assert manager.get_names(["x"]) == []
    manager.update(["a"], {"b": DefaultValue, "d": {"e": {}}})
    assert manager.get(["a"]) == {}


@pytest.mark.expect_warnings
def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("what is this\n")
    recorder = Recorder("CFGManagerLoadFailed")
    ConfigurationManager().start(FileBackend(tmp_path / "config"))
    data = recorder.last("CFGManagerLoadFailed")
    assert data.attribute is None
    assert data.container is None
    assert Path(data.kept_as).read_text() == "what is this\n"
    General().name = "fresh"
    General().save()
    ConfigurationManager().stop()
    assert "fresh" in (tmp_path / "config").read_text()


def test_what_is_no_setting_is_not_taken_for_one() -> None:
    start_configuration()
    general = General()
    for assign, sentence in (
        (lambda: setattr(general, "sound", 5), "sound cannot be 5: it is a group of settings: assign to these, as sound.codecs"),
        (
            lambda: setattr(general.sound, "inner", None),
            "sound.inner cannot be None: it is a group of settings: assign to these, as sound.inner.deep",
        ),
        (lambda: setattr(general.sound, "codec", []), "sound.codec cannot be []: there is no such setting; did you mean codecs?"),
        (lambda: setattr(general.sound.inner, "xyz", 1), "sound.inner.xyz cannot be 1: there is no such setting; there are deep"),
    ):
        for kind in (NoSettingError, InvalidSettingError, AttributeError):
            with pytest.raises(kind) as caught:
                assign()
            assert str(caught.value) == sentence
    assert not hasattr(general.sound, "codec")
    general.sound.inner.deep = 8
    general.note = "an application's own"  # type: ignore[attr-defined]  # objects take what is hung on them
    assert general.get_modified().keys() == {"sound.inner.deep"}
