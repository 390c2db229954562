"""MSRP (RFC 4975) without a network: URIs, chunks, messages cut and put together, reports, relays.

Not for what the messages mean (chat, files, a shared desktop: the streams) and not for sockets (the engine).
"""
