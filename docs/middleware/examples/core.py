"""Values of the core: addresses and headers, changeable and frozen."""

from blinkq.sipsimple.core import SIPURI, FrozenSIPURI, Route, SIPCoreError, ToHeader

uri = SIPURI.parse("sip:bob@example.com:5070;transport=tcp")
print(uri.user, uri.host, uri.port, uri.parameters)
frozen = FrozenSIPURI.new(uri)
uri.user = "carol"
print(uri, frozen, frozen == SIPURI.parse("sip:bob@example.com:5070;transport=tcp"))
print(ToHeader(uri, "Carol").display_name, Route("192.0.2.1", 5070, "tcp").get_uri())
try:
    SIPURI.parse("mailto:bob@example.com")
except SIPCoreError as error:
    print(error)

# prints:
# bob example.com 5070 {'transport': 'tcp'}
# sip:carol@example.com:5070;transport=tcp sip:bob@example.com:5070;transport=tcp True
# Carol sip:192.0.2.1:5070;transport=tcp
# 'mailto:bob@example.com' is not a SIP address: mailto: is not a SIP scheme
