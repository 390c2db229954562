"""``blinkq settings`` on a directory of its own: what it shows, what it stores, what it refuses."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from blinkq.cli.main import main
from blinkq.sipsimple.configuration import ConfigurationManager, keyring, system_keyring
from blinkq.sipsimple.configuration.backend.file import FileBackend

Run = Callable[..., tuple[int, str, str]]
SECRET = "correct-horse-battery"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(system_keyring, "system_keyring", lambda: None)  # not the keyring of whoever runs the tests
    return tmp_path / "config"


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["--config-dir", str(config), "settings", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\nanother line\n")
    return str(path)


def test_a_change_is_stored_and_shown_with_a_star(run: Run) -> None:
    assert run("get", "rtp.timeout") == (0, "30\n", "")
    assert run("set", "rtp.timeout", "20") == (0, "", "")
    assert run("get", "rtp.timeout") == (0, "20\n", "")
    status, out, err = run("show", "rtp")
    assert (status, err) == (0, "")
    assert [line[:2] for line in out.splitlines() if "rtp.timeout = 20" in line] == ["* "]
    assert all(line[2:].startswith("rtp.") and "    # " in line for line in out.splitlines())
    assert run("reset", "rtp.timeout") == (0, "", "")
    assert run("get", "rtp.timeout") == (0, "30\n", "")


def test_without_an_action_everything_is_shown(run: Run) -> None:
    status, out, _ = run()
    assert status == 0
    assert {"sip.udp_port", "rtp.port_range", "default_account"} <= {line[2:].partition(" = ")[0] for line in out.splitlines()}
    assert "audio.muted" not in out, "what lives as long as a process cannot be set here"


def test_json_has_the_types_of_the_values(run: Run) -> None:
    run("set", "dns.nameservers", "192.0.2.1, 192.0.2.2:5353")
    _, out, _ = run("show", "--json")
    values = json.loads(out)
    assert values["rtp.timeout"] == 30
    assert values["audio.silent"] is False
    assert values["default_account"] is None
    assert values["dns.nameservers"] == ["192.0.2.1:53", "192.0.2.2:5353"]
    assert values["rtp.port_range"] == "50000-50500"
    assert json.loads(run("get", "sip.udp_port", "--json")[1]) == {"sip.udp_port": 0}


def test_an_empty_text_is_none_where_that_is_allowed(run: Run) -> None:
    run("set", "sip.local_ip", "127.0.0.1")
    assert run("set", "sip.local_ip", "")[0] == 0
    assert run("get", "sip.local_ip") == (0, "\n", "")
    status, _, err = run("set", "user_agent")
    assert (status, err) == (2, "blinkq settings: which value should user_agent have?\n")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rtp.timeout", "soon", "rtp.timeout is not changed: a whole number is wanted, not 'soon'."),
        ("sip.udp_port", "70000", "a port is a number from 0 to 65535"),
        ("audio.silent", "perhaps", "true or false is wanted"),
        ("rtp.audio_codec_list", "mp3", "an audio codec is one of opus, G722, PCMU, PCMA"),
        ("default_account", "nobody@example.com", "There is no account nobody@example.com"),
        ("rtp.tmieout", "20", "There is no setting rtp.tmieout; `blinkq settings show` lists them."),
        ("sip.outbound_proxy", "192.0.2.1", "sip.outbound_proxy is a setting of each account: add --account USER@DOMAIN."),
    ],
)
def test_what_cannot_be_set_is_said_and_nothing_is_changed(run: Run, config: Path, name: str, value: str, words: str) -> None:
    status, out, err = run("set", name, value)
    assert (status, out) == (1, "")
    assert words in err
    assert err.count("\n") == 1
    file = config / "config"
    assert value not in (file.read_text() if file.exists() else "")


def test_accounts_are_added_listed_changed_and_removed(run: Run, config: Path, secret: str) -> None:
    assert run("accounts") == (0, "", "There are no accounts; `blinkq settings accounts add USER@DOMAIN --password-file FILE` adds one.\n")
    options = ("--password-file", secret, "--display-name", "Alice", "--proxy", "p.example;transport=tls")
    added = run("accounts", "add", "alice@example.com", *options)
    assert added == (0, "", "The account alice@example.com is added.\n")
    assert run("accounts", "add", "bob@example.com")[0] == 0
    assert run("accounts", "add", "bob@example.com") == (1, "", "The account bob@example.com is there already.\n")
    assert run("accounts", "list")[1] == '"Alice" alice@example.com (default)\nbob@example.com\n'
    assert json.loads(run("accounts", "list", "--json")[1])[0] == {
        "id": "alice@example.com", "enabled": True, "display_name": "Alice", "default": True,
    }  # fmt: skip
    assert run("get", "sip.outbound_proxy", "--account", "alice@example.com")[1] == "p.example:5061;transport=tls\n"
    assert run("set", "enabled", "false", "--account", "bob@example.com")[0] == 0
    assert "bob@example.com (disabled)" in run("accounts", "list")[1]
    assert run("get", "sip.transport", "--account", "carol@example.com")[0] == 1
    assert run("accounts", "remove", "alice@example.com") == (0, "", "The account alice@example.com is removed.\n")
    assert run("accounts", "remove", "alice@example.com")[0] == 1
    assert "alice" not in run("accounts", "list")[1]
    assert run("get", "default_account")[1].strip() in ("", "bob@example.com")


def test_a_password_is_in_no_file_that_can_be_read(run: Run, config: Path, secret: str) -> None:
    run("accounts", "add", "alice@example.com", "--password-file", secret)
    for file in config.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(config.stat().st_mode) == 0o700
    assert keyring.FilePasswordStore(config).get("alice@example.com") == SECRET, "the first line, without its end"
    for arguments in (("show",), ("show", "--json"), ("get", "password")):
        _, out, err = run(*arguments, "--account", "alice@example.com")
        assert "[hidden]" in out
        assert SECRET not in out + err
    run("accounts", "remove", "alice@example.com")
    assert keyring.FilePasswordStore(config).get("alice@example.com") is None


def test_a_password_comes_from_a_file_and_never_from_the_command_line(run: Run, config: Path, secret: str, tmp_path: Path) -> None:
    run("accounts", "add", "alice@example.com")
    status, _, err = run("set", "password", "12345", "--account", "alice@example.com")
    assert status == 2
    assert "--password-file" in err
    assert run("set", "password", "--password-file", secret, "--account", "alice@example.com") == (0, "", "")
    assert keyring.FilePasswordStore(config).get("alice@example.com") == SECRET
    missing = run("accounts", "add", "bob@example.com", "--password-file", str(tmp_path / "none"))
    assert missing == (1, "", f"The password file {tmp_path / 'none'} cannot be read: No such file or directory.\n")
    assert "bob" not in run("accounts", "list")[1], "nothing is stored by halves"


@pytest.mark.expect_warnings
def test_an_unreadable_settings_file_is_kept_aside_and_said(run: Run, config: Path) -> None:
    config.mkdir(mode=0o700)
    (config / "config").write_text("\0 this is : no settings file\n   at all")
    problem = "line 1: nothing may follow the ':' of a group"
    status, out, err = run("get", "rtp.timeout")
    assert (status, out) == (1, "30\n")
    assert err == f"The settings file is damaged ({problem}). It is left as it is; this is what can be read of it.\n"
    status, out, err = run("set", "rtp.timeout", "20")
    assert (status, out) == (1, "")
    (kept,) = config.glob("config.corrupt-*")
    said = f"The settings file is damaged ({problem}). It is kept as {kept}. What can be read of it is used, and defaults for the rest.\n"
    assert err == said


@pytest.mark.expect_warnings
def test_a_stored_value_that_cannot_be_used_is_said(run: Run, config: Path) -> None:
    config.mkdir(mode=0o700)
    (config / "config").write_text("SIPSimpleSettings:\n    rtp:\n        timeout = soon\n")
    status, out, err = run("get", "rtp.timeout")
    assert (status, out) == (1, "30\n")
    assert err == "A stored setting cannot be used, its default is: rtp.timeout cannot be 'soon': a whole number is wanted, not 'soon'.\n"


def test_settings_in_use_are_left_alone(run: Run, config: Path) -> None:
    holder = FileBackend(config / "config")
    holder.load()
    try:
        status, out, err = run("set", "rtp.timeout", "20")
    finally:
        holder.close()
    assert (status, out) == (1, "")
    assert err.startswith(f"The settings in {config} are in use by another BlinkQ")
    assert err.endswith(".\n")
    assert not ConfigurationManager().started
    assert run("get", "rtp.timeout")[1] == "30\n"
