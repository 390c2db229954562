"""Whatever others announce on the local network, and whatever participants ask of a conference: no exception."""

from __future__ import annotations

import re
from ipaddress import ip_interface

from hypothesis import given
from hypothesis import strategies as st

from blinkq.engine.service_directory import Service, ServiceDescription
from blinkq.sip.headers import Headers
from blinkq.sip.message import Request
from blinkq.sip.uri import URI
from blinkq.sipsimple.conference.participant_request import read_refer
from blinkq.sipsimple.neighbours import MAX_NAME, record_of

OURS = [ip_interface("192.0.2.1/24"), ip_interface("fe80::1/64")]

contacts = st.one_of(
    st.text(max_size=60),
    st.builds("<sip:{}@{}:{};transport={}>".format, st.text(max_size=8), st.sampled_from(["192.0.2.9", "[fe80::2]", "a.b", "999.1"]),
              st.integers(-1, 70000), st.sampled_from(["tcp", "tls", "UDP", "x"])),
)  # fmt: skip
texts = st.dictionaries(st.sampled_from(["name", "state", "note", "instance_id", "contact", "x"]), st.text(max_size=80), max_size=5)


addresses = st.lists(st.sampled_from(["192.0.2.9", "203.0.113.1", "x"]), max_size=2)
targets = st.builds("<sip:{}@x;method={}>".format, st.text(max_size=5), st.text(max_size=8))


@given(contacts, texts, st.text(max_size=60), st.integers(0, 65535), addresses)
def test_announcements(contact: str, text: dict[str, str], host: str, port: int, addresses: list[str]) -> None:
    service = Service(ServiceDescription(host, "_sipuri._tcp"), host, tuple(addresses), port, {"contact": contact, **text})
    record = record_of(service, OURS)
    if record is not None:
        assert len(record.name) <= MAX_NAME
        assert "\n" not in record.name
        assert record.uri.host in ("192.0.2.9", "fe80::2")
        assert str(record.uri).startswith(("sip:", "sips:"))


@given(st.lists(st.one_of(st.text(max_size=60), contacts, targets), max_size=3))
def test_referrals(values: list[str]) -> None:
    headers = Headers()
    for value in values:
        headers.add("Refer-To", re.sub(r"[\r\n\0]", " ", value))  # nothing else can come out of a message
    answer = read_refer(Request("REFER", URI(host="192.0.2.1"), headers, b""))
    assert answer in (400, 416, 501) or answer[0] in ("invite", "remove")  # type: ignore[index]  # codes are named before
