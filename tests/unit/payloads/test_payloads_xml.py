"""The door for XML: what is refused, and that refusing is quick."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.xml import MAX_DEPTH, MAX_ELEMENTS, MAX_SIZE, dump, load


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- hello --><a>\xc3\xa9</a>',
        b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>',
        '<?xml version="1.0" encoding="utf-16"?><a>é</a>'.encode("utf-16"),
        "\ufeff<a>é</a>".encode(),
        b"<?xml version='1.0'?><?style sheet?><a>&#233;</a><!-- bye -->",
        b"\n <a><![CDATA[\xc3\xa9]]></a>",
    ],
)
def test_the_encodings_and_prologs_that_are_taken(data: bytes) -> None:
    assert load(data).text == "é"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"   ", b"hello", b"<a>", b"<a></b>", b"<a/><b/>", b"<a>&unknown;</a>", b"<a>\xff</a>", b"<a>\x00</a>", b"<a>&#0;</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>', b'<?xml version="1.0" encoding="ebcdic-cp-us"?><a/>',
        "<a/>".encode("utf-16-le"), b"\xff\xfe\x00", b"<a x='1' x='2'/>", b"<p:a/>",
    ],
)  # fmt: skip
def test_what_is_no_document_is_a_parser_error(data: bytes) -> None:
    with pytest.raises(ParserError):
        load(data)


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY l0 "lol">' + LAUGHS + b"]><a>&l9;</a>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<?xml version="1.0"?> <!-- x --> <!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
        b"<!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused_wherever_it_hides(data: bytes) -> None:
    with pytest.raises(ParserError, match="document type"):
        load(data)


def test_a_document_type_in_the_middle_is_not_well_formed() -> None:
    with pytest.raises(ParserError):
        load(b"<a><!DOCTYPE a [<!ENTITY x 'y'>]>&x;</a>")


def test_an_inclusion_is_not_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    document = f'<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{secret}" parse="text"/></a>'
    assert b"secret<" not in dump(load(document.encode()))


def test_depth_number_and_size_are_limited() -> None:
    assert load(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH) is not None
    for data in (
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" * 100_000,
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
        b"<a " + b" ".join(b"x%d=''" % number for number in range(100)) + b"/>",
        b"<a>" + b" " * MAX_SIZE + b"</a>",
    ):
        with pytest.raises(ParserError):
            load(data)


def test_what_xml_cannot_carry_is_a_builder_error() -> None:
    root = etree.Element("a")
    root.text = "fine"
    assert dump(root) == b"<?xml version='1.0' encoding='UTF-8'?>\n<a>fine</a>"
    assert issubclass(BuilderError, ValueError)
