"""A route: where a request is sent."""

from blinkq.sipsimple.util import Route

route = Route("192.0.2.1", port=5061, transport="TLS")
print(route.address, route.port, route.transport, route.get_uri())
print(Route("192.0.2.1").port)

# prints:
# 192.0.2.1 5061 tls sip:192.0.2.1:5061;transport=tls
# 5060
