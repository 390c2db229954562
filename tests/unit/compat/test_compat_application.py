"""The bits of the ``application`` package that scripts use."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.base.notification import Any as AnyMarker
from blinkq.compat import log, util
from blinkq.compat.decorators import decorator, preserve_signature
from blinkq.compat.descriptors import WriteOnceAttribute, classproperty
from blinkq.compat.null import Null
from blinkq.compat.system import host, makedirs, openfile, unlink
from blinkq.compat.types import Singleton
from blinkq.compat.util import ISOTimestamp, TimestampedNotificationData


def test_null_takes_everything() -> None:
    assert Null.anything("x", y=1).more[3] is Null
    Null.x = 1
    Null["x"] = 1
    del Null.x
    assert (bool(Null), len(Null), list(Null), repr(Null)) == (False, 0, [], "Null")
    with Null as entered:
        assert entered is Null
    assert not hasattr(Null, "__index__")


def test_singletons_by_arguments() -> None:
    class One(metaclass=Singleton):
        def __init__(self, name: str = "") -> None:
            self.name = name

    class Other(One):
        pass

    assert One() is One()
    assert One("x") is One("x") is not One()
    assert Other() is not One()
    with pytest.raises(TypeError):
        One([])  # type: ignore[arg-type]


def test_descriptors() -> None:
    class Thing:
        name = WriteOnceAttribute()

        @classproperty
        def kind(cls: Any) -> str:  # noqa: N805 - as scripts write it
            return str(cls.__name__)

    thing = Thing()
    with pytest.raises(AttributeError, match="has not been set"):
        thing.name  # noqa: B018
    thing.name = "x"
    with pytest.raises(AttributeError, match="once only"):
        thing.name = "y"
    assert (thing.name, Thing.kind, thing.kind) == ("x", "Thing", "Thing")
    assert isinstance(Thing.name, WriteOnceAttribute)


def test_decorators() -> None:
    @decorator
    def loud(func: Any) -> Any:
        @preserve_signature(func)
        def wrapper(*args: Any) -> Any:
            return str(func(*args)).upper()

        return wrapper

    @loud
    def say(word: str) -> str:
        """Say it."""
        return word

    assert (say("a"), say.__name__, say.__doc__) == ("A", "say", "Say it.")


def test_messages_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("hello %s", "world")
    log.msg("again")
    log.warning("careful")
    log.error("bad")
    log.critical("worse")
    log.debug("quiet")
    assert capsys.readouterr().out.splitlines() == ["hello world", "again", "warning: careful", "error: bad", "fatal error: worse"]
    before = log.level.current
    log.level.current = log.level.ERROR
    log.info("unheard")
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.err()
    log.level.current = before
    assert "unheard" not in (out := capsys.readouterr().out)
    assert "ZeroDivisionError" in out


def test_files(tmp_path: Path) -> None:
    makedirs(str(tmp_path / "a" / "b"))
    makedirs(str(tmp_path / "a" / "b"))
    path = str(tmp_path / "a" / "secret")
    with openfile(path, "w", permissions=0o600) as file:
        file.write("x")
    if os.name == "posix":
        assert os.stat(path).st_mode & 0o777 == 0o600
    unlink(path)
    unlink(path)
    assert not os.path.exists(path)


def test_this_computer() -> None:
    assert "." not in host.name
    assert host.outgoing_ip_for("127.0.0.1") == "127.0.0.1"
    assert host.outgoing_ip_for("255.255.255.255") is None or host.default_ip != ""
    assert host.fqdn


def test_timestamps() -> None:
    moment = ISOTimestamp("2026-03-26T10:20:30.5+02:00")
    assert str(moment) == "2026-03-26T10:20:30.500000+02:00"
    assert ISOTimestamp(datetime.datetime(2026, 3, 26, 8, 20, 30, 500000, datetime.UTC)) == moment
    assert ISOTimestamp(2026, 3, 26).tzinfo is not None
    assert ISOTimestamp("2026-03-26").tzinfo is not None
    assert abs(ISOTimestamp.now() - ISOTimestamp.utcnow()) < datetime.timedelta(minutes=1)
    assert ISOTimestamp.now(datetime.UTC).tzinfo is datetime.UTC
    assert isinstance(moment, datetime.datetime)
    data = TimestampedNotificationData(code=200)
    assert (data.code, data.timestamp.tzinfo is not None) == (200, True)
    assert (repr(util.All), util.Any) == ("All", AnyMarker)


@given(st.text(max_size=40) | st.text("0123456789-:T+.Z", max_size=40))
def test_no_text_makes_reading_a_time_fail_otherwise(text: str) -> None:
    try:
        moment = ISOTimestamp(text)
    except (ValueError, OverflowError):
        return
    assert ISOTimestamp(str(moment)) == moment
