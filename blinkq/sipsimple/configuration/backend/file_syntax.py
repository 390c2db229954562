"""The text of a settings file: parse and build.

    # comment
    name = value
    list = one, two
    single = one,
    nothing =
    group:
        name = "a value, quoted"

Groups nest by four spaces. Names and values that contain whitespace or one of ``, " ' = : # \\`` are quoted; a backslash makes the next
character literal (``\\n`` and ``\\r`` are line ends). ``name = ,`` is an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from blinkq.sipsimple.configuration.backend import Tree, Value
from blinkq.sipsimple.configuration.errors import FileBuilderError, FileParserError

__all__ = ["build", "parse", "salvage"]

INDENT = 4
#: A tree of settings is three or four groups deep; the limit keeps a broken file from exhausting the stack.
MAX_DEPTH = 32

_SPECIAL = re.compile(r"""[,"'=:#\\\s\x00-\x1f\x7f\x85\u2028\u2029]""")
_ESCAPES = {"n": "\n", "r": "\r"}


def parse(text: str) -> Tree:
    """The tree written in ``text``; raises FileParserError naming the line."""
    tree, errors = _parse(text, stop=True)
    if errors:
        raise errors[0]
    return tree


def salvage(text: str) -> tuple[Tree, list[FileParserError]]:
    """What can be read of ``text``, and what is wrong with each line that cannot. What belongs to such a line is left out with it."""
    return _parse(text, stop=False)


def _parse(text: str, *, stop: bool) -> tuple[Tree, list[FileParserError]]:
    errors: list[FileParserError] = []
    groups: list[Tree] = [{}]
    left_out: int | None = None  # lines that begin further right belong to one that could not be read
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        content = line.lstrip(" ")
        if not content.strip() or content.startswith("#"):
            continue
        indent = len(line) - len(content)
        if left_out is not None and indent > left_out:
            continue
        try:
            _take_line(content, indent, groups)
        except ValueError as error:
            errors.append(FileParserError(f"line {number}: {error}"))
            left_out = round(indent / INDENT) * INDENT  # what was meant, where it is a blank too many or too few
            if stop:
                break
        else:
            left_out = None
    return groups[0], errors


def _take_line(content: str, indent: int, groups: list[Tree]) -> None:
    """Put one line into the innermost of the open groups that it belongs to; ValueError when it makes no sense there."""
    depth, odd = divmod(indent, INDENT)
    if odd or content[0] == "\t" or depth >= len(groups) or depth > MAX_DEPTH:
        raise ValueError("wrong indentation")
    del groups[depth + 1 :]
    name, value, is_group = _parse_line(content)
    here = groups[depth]
    if not is_group:
        here[name] = value
        return
    group = here.setdefault(name, {})
    if not isinstance(group, dict):
        raise ValueError(f"{name} is already a value")
    groups.append(group)


def _parse_line(content: str) -> tuple[str, Value, bool]:
    """Name, value and whether the line opens a group."""
    name, position, _ = _token(content, 0, ":=")
    if not name:
        raise ValueError("a name is missing")
    if position >= len(content) or content[position] not in ":=":
        raise ValueError("':' or '=' expected after the name")
    separator, position = content[position], position + 1
    if separator == ":":
        rest = content[position:].strip()
        if rest and not rest.startswith("#"):
            raise ValueError("nothing may follow the ':' of a group")
        return name, None, True
    return name, _parse_value(content, position), False


def _parse_value(content: str, position: int) -> Value:
    parts: list[str | None] = []
    while True:
        item, position, present = _token(content, position, ",")
        parts.append(item if present else None)
        if position >= len(content) or content[position] == "#":
            break
        position += 1  # the comma
    if len(parts) == 1:
        return parts[0]
    if parts[-1] is None:
        parts.pop()
    if parts == [None]:
        return []
    items = [part for part in parts if part is not None]
    if len(items) != len(parts):
        raise ValueError("an item of the list is missing")
    return items


def _token(content: str, position: int, ends: str) -> tuple[str, int, bool]:
    """Read bare or quoted text up to one of ``ends``, a comment or the end: text, position, whether there was any."""
    text: list[str] = []
    present = False
    while position < len(content) and content[position] in " \t":
        position += 1
    kept = 0  # how much of the text must survive the stripping of trailing blanks: what was quoted or escaped
    while position < len(content):
        char = content[position]
        if char in ends or char == "#":
            break
        present = True
        if char in "\"'":
            quoted, position = _quoted(content, position)
            text.extend(quoted)
            kept = len(text)
            continue
        if char == "\\":
            position += 1
            if position >= len(content):
                raise ValueError("a backslash at the end of the line")
            char = _ESCAPES.get(content[position], content[position])
            text.append(char)
            kept = len(text)
        else:
            text.append(char)
        position += 1
    while len(text) > kept and text[-1] in " \t":
        text.pop()
    return "".join(text), position, present


def _quoted(content: str, position: int) -> tuple[list[str], int]:
    quote, position = content[position], position + 1
    text: list[str] = []
    while position < len(content):
        char = content[position]
        if char == quote:
            return text, position + 1
        if char == "\\":
            position += 1
            if position >= len(content):
                break
            char = _ESCAPES.get(content[position], content[position])
        text.append(char)
        position += 1
    raise ValueError("a quotation mark is missing")


def build(tree: Mapping[str, Value]) -> str:
    """``tree`` as text: names sorted, values before groups, a blank line after each group. Raises FileBuilderError."""
    return "\n".join([*_build_lines(tree, 0), ""]) if tree else ""


def _build_lines(tree: Mapping[str, Value], depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise FileBuilderError(f"settings are nested deeper than {MAX_DEPTH} groups")
    margin = " " * (INDENT * depth)
    for name in sorted(name for name, value in tree.items() if not isinstance(value, dict)):
        text = _build_value(name, tree[name])
        yield f"{margin}{_quote(name)} = {text}".rstrip(" ")
    for name in sorted(tree):
        group = tree[name]
        if isinstance(group, dict):
            yield f"{margin}{_quote(name)}:"
            yield from _build_lines(group, depth + 1)
            yield ""


def _build_value(name: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(_quote(item) for item in value)
        return text if len(value) > 1 else f"{text},"
    raise FileBuilderError(f"{name} can be text, a list of texts, or None; not {value!r}")


def _quote(text: str) -> str:
    if text and not _SPECIAL.search(text):
        return text
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(char, escape)
    return f'"{text}"'
