"""The types of settings. Each checks what it is given (ValueError with a sentence for people) and is written with ``str``."""

from __future__ import annotations

from blinkq.sipsimple.configuration.datatypes.addresses import (
    EndpointAddress,
    EndpointIPAddress,
    Hostname,
    IPAddress,
    MSRPRelayAddress,
    Nameserver,
    SIPAddress,
    SIPProxyAddress,
    STUNServerAddress,
)
from blinkq.sipsimple.configuration.datatypes.lists import (
    AudioCodecList,
    ContentType,
    DomainList,
    List,
    NameserverList,
    SIPTransportList,
    STUNServerAddressList,
    VideoCodecList,
)
from blinkq.sipsimple.configuration.datatypes.numbers import (
    NonNegativeInteger,
    PJSIPLogLevel,
    Port,
    PortRange,
    PositiveInteger,
    SampleRate,
    VideoResolution,
)
from blinkq.sipsimple.configuration.datatypes.words import (
    CountryCode,
    H264Profile,
    MIMEType,
    MSRPConnectionModel,
    MSRPTransport,
    Path,
    SIPTransport,
    SRTPEncryption,
    SRTPKeyNegotiation,
    TLSProtocol,
    Word,
    XCAPRoot,
)

__all__ = [
    "AudioCodecList", "ContentType", "CountryCode", "DomainList", "EndpointAddress", "EndpointIPAddress", "H264Profile", "Hostname",
    "IPAddress", "List", "MIMEType", "MSRPConnectionModel", "MSRPRelayAddress", "MSRPTransport", "Nameserver", "NameserverList",
    "NonNegativeInteger", "PJSIPLogLevel", "Path", "Port", "PortRange", "PositiveInteger", "SIPAddress", "SIPProxyAddress",
    "SIPTransport", "SIPTransportList", "SRTPEncryption", "SRTPKeyNegotiation", "STUNServerAddress", "STUNServerAddressList",
    "SampleRate", "TLSProtocol", "VideoCodecList", "VideoResolution", "Word", "XCAPRoot",
]  # fmt: skip
