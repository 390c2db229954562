"""The torture messages of RFC 4475, each with the verdict wanted from the parser.

The files are not part of the project: BLINKQ_TORTURE_DATA names the directory that holds them (or one that has `rfc4475/` in
it), and without it `../shared/data` beside the project is tried.
A wrong verdict fails in both directions, so that a change of mind changes the table.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.framing import StreamFramer
from blinkq.sip.message import Request, Response
from blinkq.sip.parser import parse_message

VALID = 0
NO_REPLY = -1

# File: VALID, the status of the reply it gets, or NO_REPLY (a response, or nothing to send a reply by). The section is that of RFC 4475.
VERDICTS = {
    "wsinv": VALID,  # 3.1.1.1 a short tortuous INVITE
    "intmeth": VALID,  # 3.1.1.2 wide range of valid characters
    "esc01": VALID,  # 3.1.1.3 valid use of the % escaping mechanism
    "escnull": VALID,  # 3.1.1.4 escaped nulls in URIs
    "esc02": VALID,  # 3.1.1.5 use of % when it is not an escape
    "lwsdisp": VALID,  # 3.1.1.6 no white space between display name and <
    "longreq": VALID,  # 3.1.1.7 long values in header fields
    "dblreq": VALID,  # 3.1.1.8 extra trailing octets in a UDP datagram
    "semiuri": VALID,  # 3.1.1.9 semicolon-separated parameters in URI user part
    "transports": VALID,  # 3.1.1.10 varied and unknown transport types
    "mpart01": VALID,  # 3.1.1.11 multipart MIME message
    "unreason": VALID,  # 3.1.1.12 unusual reason phrase
    "noreason": VALID,  # 3.1.1.13 empty reason phrase
    "badinv01": NO_REPLY,  # 3.1.2.1 extraneous header field separators: the Via cannot be read
    "clerr": 400,  # 3.1.2.2 Content-Length larger than message
    "ncl": 400,  # 3.1.2.3 negative Content-Length
    "scalar02": 400,  # 3.1.2.4 request scalar fields with overlarge values
    "scalarlg": NO_REPLY,  # 3.1.2.5 response scalar fields with overlarge values
    "quotbal": 400,  # 3.1.2.6 unterminated quoted string in display name
    "ltgtruri": 400,  # 3.1.2.7 <> enclosing Request-URI
    "lwsruri": 400,  # 3.1.2.8 malformed SIP Request-URI (embedded LWS)
    "lwsstart": VALID,  # 3.1.2.9 multiple SP separating request-line elements: liberal, the meaning is plain
    "trws": VALID,  # 3.1.2.10 SP characters at end of request-line: liberal
    "escruri": 400,  # 3.1.2.11 escaped headers in SIP Request-URI
    "baddate": VALID,  # 3.1.2.12 invalid time zone in Date header field: nothing here reads it
    "regbadct": 400,  # 3.1.2.13 failure to enclose name-addr URI in <>
    "badaspec": VALID,  # 3.1.2.14 spaces within addr-spec: liberal
    "baddn": NO_REPLY,  # 3.1.2.15 non-token characters in display name: liberal, but this file lacks the empty line
    "badvers": 505,  # 3.1.2.16 unknown protocol version
    "mismatch01": 400,  # 3.1.2.17 start line and CSeq method mismatch
    "mismatch02": 400,  # 3.1.2.18 unknown method with CSeq method mismatch
    "bigcode": NO_REPLY,  # 3.1.2.19 overlarge response code
    "badbranch": VALID,  # 3.2.1 missing transaction identifier: the transaction layer's matter
    "insuf": 400,  # 3.3.1 missing required header fields
    "unkscm": VALID,  # 3.3.2 request-URI with unknown scheme: 416 is the agent's matter
    "novelsc": VALID,  # 3.3.3 request-URI with known but atypical scheme
    "unksm2": VALID,  # 3.3.4 unknown URI schemes in header fields
    "bext01": VALID,  # 3.3.5 Proxy-Require and Require: 420 is the agent's matter
    "invut": VALID,  # 3.3.6 unknown Content-Type
    "regaut01": VALID,  # 3.3.7 unknown authorization scheme
    "multi01": 400,  # 3.3.8 multiple values in single value required fields
    "mcl01": 400,  # 3.3.9 multiple Content-Length values
    "bcast": VALID,  # 3.3.10 200 OK response with broadcast Via header field value
    "zeromf": VALID,  # 3.3.11 Max-Forwards of zero
    "cparam01": VALID,  # 3.3.12 REGISTER with a contact header parameter
    "cparam02": VALID,  # 3.3.13 REGISTER with a url-parameter
    "regescrt": VALID,  # 3.3.14 REGISTER with a URL escaped header
    "sdp01": VALID,  # 3.3.15 unacceptable Accept offering
    "inv2543": VALID,  # 3.4.1 INVITE with RFC 2543 syntax
}


def data_directory() -> Path | None:
    named = os.environ.get("BLINKQ_TORTURE_DATA")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    for directory in (Path(named),) if named else (beside,):
        for candidate in (directory, directory / "rfc4475"):
            if (candidate / "wsinv.dat").is_file():
                return candidate
    return None


DATA = data_directory()
pytestmark = pytest.mark.skipif(DATA is None, reason="no RFC 4475 messages: set BLINKQ_TORTURE_DATA to their directory")


def read(name: str) -> bytes:
    assert DATA is not None
    path = DATA / f"{name}.dat"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the messages")
    return path.read_bytes()


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict(name: str) -> None:
    data = read(name)
    wanted = VERDICTS[name]
    if wanted == VALID:
        parse_message(data)
        return
    with pytest.raises(SIPParseError) as caught:
        parse_message(data)
    if wanted == NO_REPLY:
        assert caught.value.request is None
    else:
        assert caught.value.code == wanted
        assert (caught.value.request is None) == (name == "insuf")  # nothing to reply by: From and Call-ID are missing


@pytest.mark.parametrize("name", [name for name, verdict in VERDICTS.items() if verdict == VALID])
def test_what_is_written_reads_the_same(name: str) -> None:
    message = parse_message(read(name))
    written = message.to_bytes()
    assert parse_message(written) == message
    assert StreamFramer().receive_data(written) == [written]


def test_every_message_has_a_verdict() -> None:
    assert DATA is not None
    assert {path.stem for path in DATA.glob("*.dat")} <= set(VERDICTS)


def test_the_short_tortuous_invite() -> None:
    request = parse_message(read("wsinv"))
    assert isinstance(request, Request)
    assert str(request.uri) == "sip:vivekg@chair-dnrc.example.com;unknownparam"
    assert [(via.transport, via.host) for via in request.vias] == [
        ("UDP", "192.0.2.2"),
        ("TCP", "spindle.example.com"),
        ("UDP", "192.168.255.111"),
    ]
    assert request.to.tag == "1918181833n"
    assert request.from_.display_name == 'J Rosenberg \\"'
    assert request.max_forwards == 68
    assert request.cseq.number == 9
    assert request.contacts[0].display_name == 'Quoted string ""'
    assert request.routes[0].uri.host == "services.example.com"


def test_extra_octets_are_dropped() -> None:
    assert parse_message(read("dblreq")).body == b""


def test_a_reason_phrase_is_unicode() -> None:
    response = parse_message(read("unreason"))
    assert isinstance(response, Response)
    assert response.reason.startswith("= 2**3 * 5**2 но сто девяносто девять")


def test_escapes_are_not_taken_for_structure() -> None:
    request = parse_message(read("esc01"))
    assert isinstance(request, Request)
    assert (request.uri.username, request.uri.host) == ("sips:user@example.com", "example.net")
    semicolons = parse_message(read("semiuri"))
    assert isinstance(semicolons, Request)
    assert semicolons.uri.username == "user;par=u@example.net"
    assert parse_message(read("escnull")).contacts[0].uri.username == "\0"
