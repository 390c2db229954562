"""The types of settings: what they take, what they refuse, how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from blinkq.sipsimple.configuration import Setting
from blinkq.sipsimple.configuration.datatypes import (
    AudioCodecList,
    ContentType,
    CountryCode,
    DomainList,
    EndpointAddress,
    EndpointIPAddress,
    H264Profile,
    Hostname,
    IPAddress,
    List,
    MSRPConnectionModel,
    MSRPRelayAddress,
    MSRPTransport,
    Nameserver,
    NameserverList,
    NonNegativeInteger,
    Path,
    PJSIPLogLevel,
    Port,
    PortRange,
    PositiveInteger,
    SampleRate,
    SIPAddress,
    SIPProxyAddress,
    SIPTransport,
    SIPTransportList,
    SRTPEncryption,
    SRTPKeyNegotiation,
    STUNServerAddress,
    STUNServerAddressList,
    VideoCodecList,
    VideoResolution,
    XCAPRoot,
)
from blinkq.sipsimple.configuration.setting import to_stored


@pytest.mark.parametrize(
    ("type_", "given", "text"),
    [
        (NonNegativeInteger, "0", "0"),
        (PositiveInteger, 5, "5"),
        (SampleRate, "48000", "48000"),
        (Port, 65535, "65535"),
        (PortRange, "50000-50500", "50000-50500"),
        (PortRange, " 1000 : 2000 ", "1000-2000"),
        (SIPTransport, "TLS", "tls"),
        (SRTPEncryption, "Mandatory", "mandatory"),
        (AudioCodecList, "OPUS, pcmu", "opus, PCMU"),
        (SIPTransportList, ["udp", "TCP", "udp"], "udp, tcp"),
        (IPAddress, "[::1]", "::1"),
        (Hostname, "[2001:db8::1]", "2001:db8::1"),
        (Hostname, "sip.example.com.", "sip.example.com."),
        (SIPAddress, "sip:Alice@EXAMPLE.com", "Alice@example.com"),
        (SIPAddress, "100%40x@10.0.0.1", "100%40x@10.0.0.1"),
        (EndpointAddress, "host.example:80", "host.example:80"),
        (Nameserver, "127.0.0.1", "127.0.0.1:53"),
        (Nameserver, "[::1]:5353", "[::1]:5353"),
        (Nameserver, "::1", "[::1]:53"),
        (SIPProxyAddress, "sip:p.example.com", "p.example.com:5060;transport=udp"),
        (SIPProxyAddress, "p.example.com;transport=TLS", "p.example.com:5061;transport=tls"),
        (SIPProxyAddress, "127.0.0.1:15060;transport=tcp", "127.0.0.1:15060;transport=tcp"),
        (Path, "~/a/../b", "~/b"),
        (PJSIPLogLevel, "5", "5"),
        (VideoResolution, "1280x720", "1280x720"),
        (VideoCodecList, "vp8, H264", "VP8, H264"),
        (H264Profile, "Baseline", "baseline"),
        (CountryCode, "+31", "31"),
        (ContentType, "Text/Plain, *", "text/plain, *"),
        (DomainList, "a.example, 10.0.0.1", "a.example, 10.0.0.1"),
        (EndpointIPAddress, "10.0.0.1:80", "10.0.0.1:80"),
        (STUNServerAddress, "stun.example", "stun.example:3478"),
        (STUNServerAddressList, "stun.example, 10.0.0.1:3479", "stun.example:3478, 10.0.0.1:3479"),
        (MSRPRelayAddress, "relay.example", "relay.example:2855;transport=tls"),
        (MSRPRelayAddress, "[::1]:9;transport=TCP", "[::1]:9;transport=tcp"),
        (MSRPRelayAddress, "WSS://relay.example", "wss://relay.example:443/"),
        (MSRPRelayAddress, "ws://[::1]:8080/msrp?key=a/b", "ws://[::1]:8080/msrp?key=a/b"),
        (MSRPRelayAddress, "relay.example;transport=ws", "ws://relay.example:80/"),
        (MSRPRelayAddress, "relay.example:8443;transport=wss", "wss://relay.example:8443/"),
        (MSRPTransport, "TCP", "tcp"),
        (MSRPConnectionModel, "ACM", "acm"),
        (SRTPKeyNegotiation, "SDES_mandatory", "sdes_mandatory"),
        (XCAPRoot, "https://xcap.example.com/root", "https://xcap.example.com/root"),
    ],
)
def test_values_survive_the_settings_file(type_: Any, given: object, text: str) -> None:
    setting: Setting[Any] = Setting(type_, nillable=True)
    value = setting.parse(given)  # type: ignore[arg-type]
    assert str(value) == text
    stored = to_stored(value)
    assert setting.parse(stored) == value
    assert hash(setting.parse(stored)) == hash(value)


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        (NonNegativeInteger, -1), (NonNegativeInteger, "x"), (NonNegativeInteger, 1.5), (NonNegativeInteger, None),
        (PositiveInteger, 0), (SampleRate, 44100), (Port, 65536), (PortRange, "5-5"), (PortRange, "1-2-3"), (PortRange, "0-10"),
        (SIPTransport, "sctp"), (SRTPEncryption, "maybe"), (AudioCodecList, []), (AudioCodecList, ["speex"]), (SIPTransportList, ""),
        (IPAddress, "example.com"), (Hostname, "a b"), (Hostname, ""), (Hostname, "-a.example"), (Hostname, "1.2.3.256"),
        (Hostname, "a" * 254), (SIPAddress, "alice"), (SIPAddress, "@example.com"), (SIPAddress, "a b@example.com"), (SIPAddress, "a@"),
        (SIPAddress, "a@b c"), (SIPAddress, "a@b@c d"), (Path, ""), (Path, "a\0b"),
        (PJSIPLogLevel, 6), (PJSIPLogLevel, -1), (H264Profile, "huge"), (VideoCodecList, ["h263"]), (CountryCode, "031"),
        (CountryCode, "12345"), (ContentType, ["text"]), (DomainList, ["a b"]), (MSRPTransport, "udp"), (MSRPConnectionModel, "p2p"),
        (SRTPKeyNegotiation, "zrtp"), (XCAPRoot, "ftp://xcap.example.com"), (XCAPRoot, "https://"), (MSRPRelayAddress, "a b"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(type_: Any, given: Any) -> None:
    with pytest.raises(ValueError):
        type_.from_description(given) if type_ is PortRange else type_(given)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (EndpointAddress, "host"), (EndpointAddress, "host:0"), (EndpointAddress, "host:99999"), (EndpointAddress, "a:b:c"),
        (EndpointIPAddress, "host:80"), (EndpointIPAddress, "10.0.0.1"), (STUNServerAddress, "stun.example:x"),
        (MSRPRelayAddress, "relay.example;transport=udp"), (MSRPRelayAddress, "relay.example;lr"),
        (MSRPRelayAddress, "https://relay.example"), (MSRPRelayAddress, "wss://relay.example/a b"), (MSRPRelayAddress, "wss://"),
        (VideoResolution, "1280"),
        (VideoResolution, "0x5"),
        (Nameserver, "dns.example.com"), (SIPProxyAddress, "host;lr"), (SIPProxyAddress, "host;transport=x"),
        (SIPProxyAddress, "host:port"), (SIPProxyAddress, "[::1"), (SIPProxyAddress, "host:99999"),
    ],
)  # fmt: skip
def test_descriptions_that_make_no_sense_are_refused(type_: Any, text: str) -> None:
    with pytest.raises(ValueError):
        type_.from_description(text)


@pytest.mark.parametrize("given", ["99999", "http", 0, -1])
def test_a_refused_port_is_named(given: Any) -> None:
    with pytest.raises(ValueError, match=f"a port is a number from 1 to 65535, not {given}"):
        EndpointAddress("host", given)


def test_nothing_describes_nothing() -> None:
    assert MSRPRelayAddress.from_description("") is None
    assert SIPProxyAddress.from_description("") is None
    assert EndpointAddress.from_description(None) is None


def test_sip_addresses_have_parts() -> None:
    address = SIPAddress("alice@Example.com")
    assert (address, address.username, address.domain) == ("alice@example.com", "alice", "example.com")


def test_lists_behave_like_tuples() -> None:
    class Words(List):
        type = str

    words = Words(["a", "b", "a"])
    assert list(words) == ["a", "b"]
    assert len(words) == 2
    assert words[1] == "b"
    assert "a" in words
    assert ["c"] + words == ["c", "a", "b"]  # noqa: RUF005 - the operator is what is tested
    assert words * 2 == words
    assert words + Words(["c"]) == ["a", "b", "c"]
    assert words == ("a", "b")
    assert words != "a"
    assert repr(words) == "Words(['a', 'b'])"
    servers = NameserverList("127.0.0.1:5353, ::1")
    assert [str(server) for server in servers] == ["127.0.0.1:5353", "[::1]:53"]
    assert to_stored(servers) == ["127.0.0.1:5353", "[::1]:53"]


def test_paths_know_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    assert Path("~/music").normalized == "/home/alice/music"
