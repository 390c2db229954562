"""Ranges, byte ranges and statuses."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.ranges import Ranges
from blinkq.msrp.values import ByteRange, Status, media_type_matches


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12), st.integers(0, 40), st.integers(0, 40))
def test_ranges_are_a_set_of_numbers(pairs: list[tuple[int, int]], start: int, end: int) -> None:
    ranges, numbers = Ranges(), set()
    for first, last in pairs:
        ranges.add(first, last)
        numbers |= set(range(first, last))
    assert ranges.total == len(numbers)
    assert ranges.covers(start, end) == (set(range(start, end)) <= numbers)
    found = ranges.pairs()
    assert found == sorted(found)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))
    assert len(ranges) == len(found)


@pytest.mark.parametrize("text", ["1-25/25", "1-*/*", "26-50/*", "1-0/0", "2049-*/100000"])
def test_byte_ranges(text: str) -> None:
    assert str(ByteRange.parse(text)) == text


LIES = ["", "0-3/3", "1-2", "5-3/9", "1-10/9", "10-*/5", "a-b/c", "1-2/3/4", "9" * 19 + "-*/*", "9" * 20 + "-*/*"]


@pytest.mark.parametrize("text", LIES)
def test_byte_ranges_that_lie(text: str) -> None:
    with pytest.raises(MSRPParseError):
        ByteRange.parse(text)


def test_statuses() -> None:
    assert Status.parse("000 200 OK") == Status(200, "OK")
    assert str(Status(413)) == "000 413"
    with pytest.raises(MSRPParseError):
        Status.parse("200 OK")


def test_media_types() -> None:
    assert media_type_matches(("text/*",), "text/plain;charset=utf-8")
    assert media_type_matches(("*",), "a/b")
    assert not media_type_matches(("text/*", "message/cpim"), "image/png")
