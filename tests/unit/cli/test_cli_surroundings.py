"""What differs between systems: how a wait is interrupted, and what a terminal can show."""

from __future__ import annotations

import io
import sys
from argparse import Namespace

import pytest

from blinkq.cli import main as program
from blinkq.cli import tool as tool_module
from blinkq.cli.output import Output
from blinkq.cli.tool import Tool


def test_where_waits_are_deaf_to_signals_none_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_module, "LONGEST_WAIT", 0.0)
    tool = Tool(Namespace(), Output(as_json=False))
    assert tool._next(None) is None
    assert tool._next(1e12) is None


def test_a_name_that_the_terminal_cannot_show_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252", newline="\n"))
    with pytest.raises(SystemExit):
        program.main(["--version"])
    print("Дмитрий says 早", flush=True)
    assert written.getvalue().splitlines()[-1].endswith(rb" says \u65e9")
