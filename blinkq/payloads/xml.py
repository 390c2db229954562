"""The only door through which XML of a peer comes in, and the one through which ours goes out.

No document type, so no entities but XML's own five; nothing is loaded from anywhere; size, depth and number of elements are limited.
What this is not: the meaning of a document, see ``element.py`` for how documents are declared.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from blinkq.payloads.errors import BuilderError, ParserError

__all__ = ["MAX_DEPTH", "MAX_ELEMENTS", "MAX_SIZE", "XML_LANG", "Node", "dump", "load"]

MAX_SIZE = 1024 * 1024  # bytes: as much as a SIP body may have; a conference of a thousand people needs a third of it
MAX_DEPTH = 32  # elements in each other: conference information, the deepest of ours, needs 8
MAX_ELEMENTS = 20_000  # elements of one document: bounds the objects that a peer can make us create
MAX_ATTRIBUTES = 64  # of one element: RFC 3858's watcher, the richest of ours, has 7

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

Node = Any
"""An element of lxml's tree."""

_CHUNK = 4096  # characters fed at once, so that limits are noticed before a whole hostile document is in memory
_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "latin-1", "latin1": "latin-1"}


def load(data: bytes) -> Node:
    """The root element of a document. Raises ParserError for what is not well-formed, has a document type, or is beyond the limits."""
    text = _content(_decode(data))
    # the text is handed over as UTF-8 whatever it was: an encoding that we did not decode ourselves could hide a document type
    parser = etree.XMLPullParser(
        events=("start", "end"), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    depth = count = 0
    try:
        for start in range(0, len(text), _CHUNK):
            parser.feed(text[start : start + _CHUNK].encode("utf-8"))
            for event, node in parser.read_events():
                if event == "end":
                    depth -= 1
                    continue
                depth, count = depth + 1, count + 1
                if depth > MAX_DEPTH or count > MAX_ELEMENTS or len(node.attrib) > MAX_ATTRIBUTES:
                    raise ParserError("the document has too many elements, or too deep ones")
        return parser.close()
    except (etree.LxmlError, SyntaxError, ValueError) as error:
        if isinstance(error, ParserError):
            raise
        raise ParserError(f"not well-formed XML: {str(error)[:120]}") from None


def dump(root: Node, pretty_print: bool = False) -> bytes:
    """The document as UTF-8 with an XML declaration. Raises BuilderError for what XML cannot carry."""
    try:
        etree.cleanup_namespaces(root)
        return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=pretty_print))
    except (etree.LxmlError, ValueError) as error:
        raise BuilderError(str(error)) from None


def _decode(data: bytes) -> str:
    if len(data) > MAX_SIZE:
        raise ParserError(f"the document has {len(data)} bytes, more than {MAX_SIZE}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"  # XML 1.0 §4.3.3: with a byte order mark it needs no declaration
    else:
        declared = _ENCODING.search(data[:200].decode("latin-1").partition("?>")[0])
        name = declared.group(1).lower() if declared else "utf-8"
        if name not in _ENCODINGS:
            raise ParserError(f"the document is encoded as {name}, which is not taken")
        encoding = _ENCODINGS[name]
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError:
        raise ParserError(f"the document is not valid {encoding.upper()}") from None


def _content(text: str) -> str:
    """The document without what stands before its root element; a document type is refused there, its only legal place."""
    declaration = _DECLARATION.match(text)
    position = declaration.end() if declaration else 0
    while match := _PROLOG.match(text, position):
        position = match.end()
    if text.startswith("<!", position):
        raise ParserError("the document has a document type, which is not taken")
    return text[position:]
