"""The settings file: its text, its safety, one process a directory."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.sipsimple.configuration.backend import Tree
from blinkq.sipsimple.configuration.backend import file as file_module
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.backend.file_syntax import build, parse
from blinkq.sipsimple.configuration.errors import (
    ConfigurationBackendError,
    ConfigurationInUseError,
    FileBuilderError,
    FileParserError,
)

TREE: Tree = {
    "SIPSimpleSettings": {"audio": {"silent": "true", "input_device": None}, "rtp": {"audio_codec_list": ["opus", "PCMU"]}},
    "Accounts": {"alice@example.com": {"display_name": 'Alice "A" \\ B', "list": ["one"], "empty": [], "text": ""}},
}
TEXT = r"""Accounts:
    alice@example.com:
        display_name = "Alice \"A\" \\ B"
        empty = ,
        list = one,
        text = ""


SIPSimpleSettings:
    audio:
        input_device =
        silent = true

    rtp:
        audio_codec_list = opus, PCMU


"""


def test_the_text_is_stable_and_sorted() -> None:
    assert build(TREE) == TEXT
    assert parse(TEXT) == TREE
    assert build({}) == ""
    assert parse("") == {}


def test_hand_written_text_is_understood() -> None:
    text = (
        "# a comment\n\na: # group\n    b = hello world  # why\n    'c d' = \"x, y\", z ,\n"
        "    e = a\\nb\\,c\r\n    f=1:2=3\nb = 'q'\"r\"\n"
    )
    assert parse(text) == {"a": {"b": "hello world", "c d": ["x, y", "z"], "e": "a\nb,c", "f": "1:2=3"}, "b": "qr"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("   a = 1", "line 1: wrong indentation"),
        ("    a = 1", "line 1: wrong indentation"),
        ("a:\n        b = 1", "line 2: wrong indentation"),
        ("a = 1\n\tb = 2", "line 2: wrong indentation"),
        ("a", "line 1: ':' or '=' expected after the name"),
        ("= 1", "line 1: a name is missing"),
        ("a: b", "line 1: nothing may follow the ':' of a group"),
        ("a = 'b", "line 1: a quotation mark is missing"),
        ("a = 'b\\", "line 1: a quotation mark is missing"),
        ("a = b\\", "line 1: a backslash at the end of the line"),
        ("a = b,,c", "line 1: an item of the list is missing"),
        ("a = ,b", "line 1: an item of the list is missing"),
        ("a = 1\na:\n", "line 2: a is already a value"),
        ("\n".join("    " * depth + "a:" for depth in range(40)), "line 34: wrong indentation"),
    ],
)
def test_broken_text_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(FileParserError) as caught:
        parse(text)
    assert str(caught.value) == sentence


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(FileBuilderError, match="a can be text"):
        build({"a": 3})  # type: ignore[dict-item]
    deep: Tree = {}
    for _ in range(40):
        deep = {"a": deep}
    with pytest.raises(FileBuilderError, match="deeper"):
        build(deep)


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_trees = st.recursive(
    st.dictionaries(_names, st.none() | _texts | st.lists(_texts, max_size=3), max_size=4),
    lambda trees: st.dictionaries(_names, st.none() | _texts | trees, max_size=3),
    max_leaves=8,
)


@given(_trees)
def test_what_is_built_is_parsed_to_the_same(tree: Tree) -> None:
    assert parse(build(tree)) == tree


@given(st.text(max_size=60) | st.text("ab:=,#\\\"' \n", max_size=60))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        parse(text)
    except FileParserError:
        pass


def test_a_missing_file_is_empty_and_saving_makes_its_directory(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path / "new" / "config")
    assert backend.load() == {}
    backend.save(TREE)
    path = tmp_path / "new" / "config"
    assert path.read_text() == TEXT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(path.parent)) == ["config", "lock"]
    backend.close()
    again = FileBackend(path)
    assert again.load() == TREE
    again.close()


@pytest.mark.expect_warnings
@pytest.mark.parametrize("content", [b"a\n", b"\xff\xfe", b"a = 'x"])
def test_a_broken_file_is_kept_aside_and_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config"
    for _ in range(2):
        path.write_bytes(content)
        backend = FileBackend(path)
        assert backend.load() == {}
        assert backend.load_error is not None
        assert backend.corrupt_file is not None
        assert Path(backend.corrupt_file).name.startswith("config.corrupt-")
        assert Path(backend.corrupt_file).read_bytes() == content
        assert not path.exists()
        backend.save(TREE)
        backend.close()
    assert len(list(tmp_path.glob("config.corrupt-*"))) == 2


@pytest.mark.expect_warnings
@pytest.mark.parametrize("damage", [b"    bob@example.com", b"   bob@example.com:", b"    b\xffb:", b"    'bob:"])
def test_what_can_be_read_of_a_damaged_file_is_used(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "config"
    content = (
        b"Accounts:\n    alice@example.com:\n        enabled = true\n" + damage + b"\n        enabled = no\n        rtp:\n            x = 1"
        b"\n    carol@example.com:\n        enabled = false\nGeneral:\n    timeout = 30\n"
    )
    path.write_bytes(content)
    backend = FileBackend(path)
    tree = backend.load()
    assert tree == {"Accounts": {"alice@example.com": {"enabled": "true"}, "carol@example.com": {"enabled": "false"}},
                    "General": {"timeout": "30"}}  # fmt: skip
    assert backend.corrupt_file is not None
    assert Path(backend.corrupt_file).read_bytes() == content
    backend.close()
    again = FileBackend(path)
    assert again.load() == tree, "a crash right afterwards costs nothing more"
    assert again.load_error is None
    again.close()
    path.write_bytes(content)
    reader = FileBackend(path, read_only=True)
    assert reader.load() == tree
    assert reader.load_error is not None
    assert path.read_bytes() == content


@pytest.mark.expect_warnings
def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "MAX_FILE_SIZE", 100)
    (tmp_path / "config").write_text("a = b\n" * 100)
    backend = FileBackend(tmp_path / "config")
    assert backend.load() == {}
    assert "too large" in str(backend.load_error)
    backend.close()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FileBackend(tmp_path / "config")
    backend.load()
    backend.save({"a": "1"})

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationBackendError, match="No space left"):
        backend.save({"a": "2"})
    assert (tmp_path / "config").read_text() == "a = 1\n"
    assert sorted(os.listdir(tmp_path)) == ["config", "lock"]
    backend.close()


def test_characters_that_cannot_be_encoded_are_refused(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path / "config")
    with pytest.raises(FileBuilderError):
        backend.save({"a": "\ud800"})
    backend.close()


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "config").symlink_to(tmp_path / "real" / "config")
    backend = FileBackend(tmp_path / "config")
    backend.save({"a": "1"})
    assert (tmp_path / "config").is_symlink()
    assert (tmp_path / "real" / "config").read_text() == "a = 1\n"
    backend.close()


def test_two_processes_cannot_share_a_directory(tmp_path: Path) -> None:
    first = FileBackend(tmp_path / "config")
    first.load()
    program = (
        "import sys\nfrom blinkq.sipsimple.configuration.backend.file import FileBackend\n"
        "try:\n FileBackend(sys.argv[1]).load()\nexcept Exception as error:\n print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "config")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.startswith("ConfigurationInUseError the settings in ")
    assert f"(process {os.getpid()})" in done.stdout
    with pytest.raises(ConfigurationInUseError):
        FileBackend(tmp_path / "config").load()
    reader = FileBackend(tmp_path / "config", read_only=True)
    assert reader.load() == {}
    with pytest.raises(ConfigurationBackendError, match="reading only"):
        reader.save({})
    first.close()
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout == ""


def test_what_cannot_be_read_is_an_error_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()  # a directory cannot be read, whoever asks
    backend = FileBackend(tmp_path / "config")
    with pytest.raises(ConfigurationBackendError, match="cannot read the settings file"):
        backend.load()
    backend.close()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationBackendError, match="cannot create the settings directory"):
        FileBackend(tmp_path / "file" / "sub" / "config").load()
