"""Hypothesis against the SIP grammar: from any bytes no exception but SIPParseError; splitting a stream changes nothing; what is
written reads the same."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blinkq.base.clock import SeededEntropy
from blinkq.sip.address import NameAddr
from blinkq.sip.digest import Credentials, authorize, parse_challenges
from blinkq.sip.errors import SIPParseError
from blinkq.sip.framing import KeepAlivePing, KeepAlivePong, StreamFramer
from blinkq.sip.limits import StreamLimits
from blinkq.sip.message import CSeq, Headers, Message, Request, Response
from blinkq.sip.parser import parse_message
from blinkq.sip.uri import URI
from blinkq.sip.via import Via

quick = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

PROPERTIES = [name for name in dir(Message) if isinstance(getattr(Message, name), property)]

PIECES = [
    b"INVITE sip:bob@example.com SIP/2.0\r\n",
    b"SIP/2.0 200 OK\r\n",
    b"ACK tel:1 SIP/2.0\r\n",
    b"Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n",
    b"v: SIP/2.0/TCP [::1]:5060;rport,",
    b"From: \"A, B\" <sip:a@b>;tag=1\r\n",
    b"f:sip:a@b\r\n",
    b"To: <sip:b@c>\r\n",
    b"t: b<sip:b@c;x>;tag=2\r\n",
    b"Call-ID: x\r\n",
    b"i:y\r\n",
    b"CSeq: 1 INVITE\r\n",
    b"Contact: *\r\n",
    b"m: <sip:a@b>;q=0.1, \"x\\\"\" <sip:c>\r\n",
    b"Content-Length: 5\r\n",
    b"l: 0\r\n",
    b"l:99\r\n",
    b"Expires: 1\r\n",
    b"Max-Forwards: 70\r\n",
    b"Route: <sip:p;lr>\r\n",
    b"Reason: SIP;cause=200;text=\"x\"\r\n",
    b"Content-Type: a/b\r\n",
    b"Retry-After: 5 (x);y\r\n",
    b"\r\n",
    b"\r\n ",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b",",
    b";",
    b"=",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"@",
    b":",
    b"?",
    b"[",
    b"]",
    b"%",
    b"%41",
    b"*",
    b"\xff",
    b"\xc3\xbc",
    b"\xed\xa0\x80",
    b"99999999999999999999",
    b"hello",
]

WHOLE = (
    b"INVITE sip:bob@example.com;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK74;rport\r\n"
    b'From: "Alice" <sip:alice@example.com>;tag=9f\r\nTo: Bob <sip:bob@example.com>\r\nCall-ID: 38@example.com\r\nCSeq: 1 INVITE\r\n'
    b"Contact: <sip:alice@192.0.2.1>\r\nMax-Forwards: 70\r\nReason: SIP;cause=1\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 4\r\n\r\nbody"
)

soup = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)
any_bytes = st.one_of(st.binary(max_size=200), soup)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good message with a few places overwritten, cut out or doubled."""
    data = bytearray(WHOLE)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 6))
        data[place : place + length] = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)))
    return bytes(data)


def read_everything(message: Request | Response) -> None:
    for name in PROPERTIES:
        getattr(message, name)
    repr(message)


def read_partial(request: Request | None) -> None:
    if request is not None:
        assert request.vias
        request.copy().to_bytes()


@quick
@given(st.one_of(any_bytes, mutated()), st.booleans())
def test_no_bytes_make_the_parser_raise_anything_else(data: bytes, stream: bool) -> None:
    try:
        message = parse_message(data, stream=stream)
    except SIPParseError as error:
        read_partial(error.request)
        return
    read_everything(message)
    again = parse_message(message.to_bytes(), stream=True)
    assert again == message
    assert again.to_bytes() == message.to_bytes()


texts = st.one_of(st.text(max_size=60), soup.map(lambda data: data.decode("utf-8", "replace")))


@quick
@given(texts)
def test_no_text_makes_a_value_raise_anything_else(text: str) -> None:
    kinds: tuple[Any, ...] = (URI, NameAddr, Via, CSeq)
    for kind in kinds:
        for candidate in (text, f"sip:{text}", f"<sip:a@b>;{text}", f"SIP/2.0/UDP h;{text}", f"1 {text}"):
            try:
                value = kind.parse(candidate)
            except SIPParseError:
                continue
            hash(value)
            assert kind.parse(str(value)) == value
            assert "\n" not in str(value)


challenge_pieces = ["Digest ", "Basic ", 'realm="r"', "nonce=n", 'qop="auth,auth-int"', "algorithm=MD5-sess", "algorithm=SHA-256"]
challenge_text = st.lists(st.sampled_from([*challenge_pieces, ",", " ", '"', "\\", "=", "x"]), max_size=12).map("".join)


@quick
@given(st.lists(st.one_of(texts, challenge_text), max_size=3))
def test_no_challenge_makes_digest_raise_anything_else(lines: list[str]) -> None:
    try:
        challenges = parse_challenges(lines)
    except SIPParseError:
        return
    value = authorize(challenges, Credentials("ü", "p"), "INVITE", "sip:a", b"", {}, SeededEntropy(1))
    assert value is None or value.startswith("Digest ")


def feed(chunks: list[bytes]) -> tuple[list[bytes | KeepAlivePing | KeepAlivePong], bool]:
    framer = StreamFramer(StreamLimits(head=400, body=50))
    found: list[bytes | KeepAlivePing | KeepAlivePong] = []
    for chunk in chunks:
        try:
            found += framer.receive_data(chunk)
        except SIPParseError:
            break
    return found, framer.error is not None


stream_messages = [b"X\r\nl: 3\r\n\r\nabc", b"BYE\r\n\r\n", b"Y\r\nl: 60\r\n\r\n", b"Z\r\nContent-Length:\r\n 1\r\n\r\n-"]
stream_pieces = st.lists(st.sampled_from([*stream_messages, b"\r\n", b"\r\n\r\n"]) | soup, max_size=6).map(b"".join)


@quick
@given(stream_pieces, st.data())
def test_splitting_a_stream_anywhere_changes_nothing(data: bytes, choice: st.DataObject) -> None:
    cuts = sorted(choice.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    chunks = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert feed(chunks) == feed([data])
    assert feed([bytes([octet]) for octet in data]) == feed([data])


tokens = st.from_regex(re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,12}"), fullmatch=True)
hosts = st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1", "h"])
ports = st.none() | st.integers(0, 65535)
wire_text = st.text(st.characters(blacklist_categories=("Cs",)), max_size=15)
parameter_values = st.dictionaries(tokens, st.none() | wire_text, max_size=3)
uris = st.builds(
    URI,
    scheme=st.sampled_from(["sip", "sips", "SIP"]),
    user=st.none() | wire_text,
    password=st.none() | wire_text,
    host=hosts,
    port=ports,
    parameters=parameter_values,
    headers=parameter_values,
)


def plain(text: str) -> str:
    """A quoted string carries no control characters; they become spaces, so they cannot come back."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


names = wire_text.map(lambda text: " ".join(plain(text).split()))
header_values = st.dictionaries(tokens, st.none() | wire_text.map(plain), max_size=3)
addresses = st.builds(NameAddr, uri=uris, display_name=names, parameters=header_values)


@quick
@given(uris)
def test_uris_come_back(uri: URI) -> None:
    # A password without a user is nothing that can be written; it alone may get lost.
    uri = uri if uri.user is not None else uri.replace(password=None)
    assert URI.parse(str(uri)) == uri
    assert uri.equivalent(URI.parse(str(uri)))


@quick
@given(addresses)
def test_addresses_come_back(address: NameAddr) -> None:
    if address.uri.user is None:
        address = address.replace(uri=address.uri.replace(password=None))
    assert NameAddr.parse(str(address)) == address


@quick
@given(
    tokens,
    addresses,
    st.lists(st.builds(Via, transport=tokens, host=hosts, port=ports), min_size=1, max_size=3),
    st.lists(addresses, max_size=3),
    st.lists(st.tuples(tokens.map(lambda name: f"X-{name}"), names), max_size=3),
    st.binary(max_size=40),
    st.integers(100, 699),
    names,
)
def test_messages_come_back(
    method: str,
    address: NameAddr,
    vias: list[Via],
    contacts: list[NameAddr],
    more: list[tuple[str, str]],
    body: bytes,
    code: int,
    reason: str,
) -> None:
    headers = Headers()
    headers.add("Via", ", ".join(map(str, vias)))
    headers.add("From", str(address))
    headers.add("To", str(address))
    headers.add("Call-ID", "x")
    headers.add("CSeq", f"1 {method}")
    for contact in contacts:
        headers.add("m", str(contact))
    for name, value in more:
        headers.add(name, value)
    request = Request(method, URI(host="h"), headers, body)
    response = Response(code, reason, headers.copy(), body)
    for message in (request, response):
        again = parse_message(message.to_bytes())
        assert again == message
        assert again.vias == vias
        assert again.to == message.to
        assert again.contacts == message.contacts
