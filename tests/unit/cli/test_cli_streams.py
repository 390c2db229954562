"""What the commands for chats, files and screens find wrong before anybody is called, and what they trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from blinkq.cli.arguments import build_parser
from blinkq.cli.main import main

URI = "sip:bob@192.0.2.2"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["send-file", URI, "nothing"], "There is no file nothing."),
        (["send-file", URI, "folder"], "folder is a folder: name the files in it."),
        (["view-desktop", URI, "--screenshot", "none/x.png"], "The picture cannot be written: there is no folder "),
        (["answer", "--accept", "file-transfer", "--files-dir", "file"], "Files cannot be kept in file: it is no folder."),
        (["echo", "--files-dir", "file/below"], "Files cannot be kept in file/below: Not a directory."),
    ],
)
def test_what_is_said_at_once(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_what_can_be_traced(capsys: pytest.CaptureFixture[str]) -> None:
    assert build_parser().parse_args(["chat", URI, "--trace", "sip,msrp"]).trace == ("sip", "msrp")
    with pytest.raises(SystemExit):
        build_parser().parse_args(["chat", URI, "--trace", "chat"])
    assert "sip, rtp, msrp can" in capsys.readouterr().err
