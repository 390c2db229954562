"""Types check what they are given, and are written as they are read."""

from blinkq.sipsimple.configuration.datatypes import AudioCodecList, PortRange, SIPAddress, SIPProxyAddress

proxy = SIPProxyAddress.from_description("sip.example.com;transport=tls")
print(proxy, proxy.host, proxy.port)
address = SIPAddress("sip:alice@Example.com")
print(address, address.username, address.domain)
print(AudioCodecList(["OPUS", "pcmu"]), PortRange.from_description("50000-50500"))
try:
    AudioCodecList(["mp3"])
except ValueError as error:
    print(error)

# prints:
# sip.example.com:5061;transport=tls sip.example.com 5061
# alice@example.com alice example.com
# opus, PCMU 50000-50500
# an audio codec is one of opus, G722, PCMU, PCMA, not 'mp3'
