"""What is said about a file, and what is made of a stranger's words about one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.sipsimple.streams.msrp.file_selector import MAX_NAME, FileSelector, free_path, safe_name

SHA1 = "72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E"


def test_what_is_read_is_written_again() -> None:
    text = f'name:"My cool picture.jpg" type:image/jpeg size:32349 hash:sha-1:{SHA1}'
    selector = FileSelector.parse(text)
    assert (selector.name, selector.type, selector.size) == ("My cool picture.jpg", "image/jpeg", 32349)
    assert selector.hash == f"sha1:{SHA1}"
    assert selector.sdp_repr == text


def test_the_spelling_of_the_genuine_clients() -> None:
    selector = FileSelector.parse(f'name:"reblink.pdf" type:com.adobe.pdf size:268759 hash:sha1:{SHA1.lower()}')
    assert selector.hashes == {"sha-1": SHA1}


def test_the_genuine_clients_read_the_first_hash() -> None:
    selector = FileSelector("a.txt", "text/plain", 3, hashes={"sha-256": "AA:BB", "sha-1": SHA1})
    assert selector.sdp_repr == f'name:"a.txt" type:text/plain size:3 hash:sha-1:{SHA1} hash:sha-256:AA:BB'


@pytest.mark.parametrize(
    ("told", "complete"),
    [
        (FileSelector("b", "text/plain", 3, hashes={"sha-1": SHA1}), True),
        (FileSelector("b", hashes={"sha-256": "AA:BB"}), True),
        (FileSelector("b", size=4), False),
        (FileSelector("b", hashes={"sha-1": "00:11"}), False),
    ],
)
def test_what_the_owner_of_a_file_adds(told: FileSelector, complete: bool) -> None:
    asked = FileSelector(None, None, 3, hashes={"sha-1": SHA1})
    assert asked.complete(told) is complete
    if complete:
        assert (asked.name, asked.size, asked.hashes["sha-1"]) == ("b", 3, SHA1)


def test_names_with_quotes_and_umlauts() -> None:
    selector = FileSelector("/home/me/Übung \"1\" 50%.txt")
    assert '"%C3%9Cbung %221%22 50%25.txt"' in selector.sdp_repr
    assert FileSelector.parse(selector.sdp_repr).name == 'Übung "1" 50%.txt'


@pytest.mark.parametrize("text", ["", "size:x", "size:9999999999999999999", "hash:md5:AA:BB", "colour:red"])
def test_what_selects_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"selects nothing|not a size"):
        FileSelector.parse(text)


def test_a_hash_that_is_none() -> None:
    with pytest.raises(ValueError, match="not a hash"):
        FileSelector(hash="sha1:12:34:zz")


def test_a_file_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"12345")
    selector = FileSelector.for_file(path)
    assert (selector.type, selector.size) == ("text/plain", 5)
    assert str(tmp_path) not in selector.sdp_repr
    assert selector.fd is not None
    selector.fd.close()


@pytest.mark.parametrize(
    ("suggestion", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("/etc/cron.d/x", "x"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("COM1 .txt", "_COM1 .txt"),
        ("lpt².tar.gz", "_lpt².tar.gz"),
        ("CONIN$", "_CONIN$"),
        ("console.txt", "console.txt"),
        ("report.pdf. . ", "report.pdf"),
        ("report.txt::$DATA", "report.txt__$DATA"),
        ("x" * (MAX_NAME - 1) + ". more than fits", "x" * (MAX_NAME - 1)),
        (".bashrc", "bashrc"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("..", "file"),
        ("", "file"),
        (None, "file"),
        ("what? \"why\" <how>|*.txt", "what_ _why_ _how___.txt"),
        ("a:stream", "a_stream"),
        ("ü" * 200 + ".pdf", "ü" * ((MAX_NAME - 4) // 2) + ".pdf"),
    ],
)
def test_hostile_names(suggestion: str | None, name: str) -> None:
    assert safe_name(suggestion) == name


@given(st.text(max_size=300))
def test_any_name_is_a_name(text: str) -> None:
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert Path(name).name == name
    assert len(name.encode()) <= MAX_NAME + 1
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))  # Windows drops these: another name would be free than the one that is taken
    assert safe_name(name) == name or name.startswith("_")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for wanted in ("a.tar", "a (2).tar", "a (3).tar"):
        path = free_path(tmp_path, "a.tar")
        assert path.name == wanted
        path.touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert free_path(tmp_path, "link").name == "link (2)"


@given(st.text(max_size=200))
def test_any_selector(text: str) -> None:
    try:
        FileSelector.parse(text)
    except ValueError:
        pass
