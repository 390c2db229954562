"""The screen of this computer, shown to somebody else: pictures of it, keys and pointer for it, and the thread that serves both.

Not for the protocol (``rfb``) or the connection (MSRP, or whatever carries the bytes).
"""
