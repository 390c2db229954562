"""The table of flows is complete: every row has tests that exist, every section is there, and every test of a row is in it once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
import test_rows_calls
import test_rows_streams
from support.story import ROWS

HERE = Path(__file__).parent

# The sections of the table, by number; a row may belong to a step or a list within one.
SECTIONS = ("2.1", "2.2", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12")


@cache
def _functions(path: Path) -> frozenset[str]:
    nodes = ast.parse(path.read_text("utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_tests(name: str) -> None:
    row = ROWS[name]
    assert row["says"]
    assert row["tests"]
    for test in row["tests"]:
        file, _, function = test.partition("::")
        assert function in _functions((HERE / file).resolve()), f"{test} does not exist"


def test_no_section_is_missing() -> None:
    assert {row["section"].split()[0] for row in ROWS.values()} == set(SECTIONS)


def test_the_stories_are_those_of_the_table() -> None:
    told = {
        function.row: f"{module.__name__}.py::{name}"
        for module in (test_rows_calls, test_rows_streams)
        for name, function in vars(module).items()
        if hasattr(function, "row")
    }
    assert told == {name: row["tests"][0] for name, row in ROWS.items() if "ours" in row}
