"""IMediaStream: what a session asks of its streams, and the errors they raise.

    BlinkQError
    └── StreamError
        ├── UnknownStreamError      the offered m= line is of another kind: try another class
        └── InvalidStreamError      it is of our kind, but cannot be accepted; the message is a sentence
"""

from __future__ import annotations

from zope.interface import Attribute, Interface

from blinkq.base.errors import BlinkQError

__all__ = ["IMediaStream", "InvalidStreamError", "StreamError", "UnknownStreamError"]


class StreamError(BlinkQError):
    """A stream cannot do what was asked."""


class InvalidStreamError(StreamError):
    """The offered stream cannot be accepted."""


class UnknownStreamError(StreamError):
    """The offered stream is of another kind."""


class IMediaStream(Interface):  # type: ignore[misc]  # zope.interface has no types
    """A stream of a session. Descriptions are FrozenSDPSession objects, an m= line is an SDPMediaStream (``sipsimple.core``).

    With a class attribute ``takes_descriptions = True`` they are the objects of ``blinkq.sdp.description`` instead.

    The session calls every method on the engine thread. A stream posts MediaStreamDidInitialize or MediaStreamDidNotInitialize,
    MediaStreamDidStart or MediaStreamDidFail, MediaStreamWillEnd and MediaStreamDidEnd; from which thread does not matter.
    """

    type = Attribute("Kind of stream, such as 'audio' (class attribute).")
    priority = Attribute("Streams with higher numbers are tried first for an offered m= line (class attribute).")
    hold_supported = Attribute("True if the stream can be put on hold.")
    on_hold_by_local = Attribute("True if we hold the stream.")
    on_hold_by_remote = Attribute("True if the peer holds the stream.")
    on_hold = Attribute("True if either holds it.")

    def __init__(account):  # type: ignore[no-untyped-def]  # noqa: N805 - interfaces have no self
        """Make a stream for an account."""

    def new_from_sdp(account, remote_sdp, stream_index):  # type: ignore[no-untyped-def]  # noqa: N805
        """Class method: a stream for m= line ``stream_index`` of an offer.

        A first parameter called ``session`` is given the session instead of its account.
        Returns None or raises UnknownStreamError when the line is not of this kind, InvalidStreamError when it cannot be accepted.
        """

    def get_local_media(for_offer):  # type: ignore[no-untyped-def]  # noqa: N805
        """The stream's m= line: an offer, or the answer to the peer's.

        A method with two more parameters, ``remote_sdp`` and ``stream_index``, is given what it answers; one with these two alone is
        called without arguments for an offer.
        """

    def initialize(session, direction):  # type: ignore[no-untyped-def]  # noqa: N805
        """Get ready to be offered; ``direction`` 'incoming' or 'outgoing' of this offer."""

    def start(local_sdp, remote_sdp, stream_index):  # type: ignore[no-untyped-def]  # noqa: N805
        """Start with what was negotiated."""

    def validate_update(remote_sdp, stream_index):  # type: ignore[no-untyped-def]  # noqa: N805
        """Whether a changed offer is acceptable; must not change anything."""

    def update(local_sdp, remote_sdp, stream_index):  # type: ignore[no-untyped-def]  # noqa: N805
        """Apply a new negotiation."""

    def hold():  # type: ignore[no-untyped-def, misc]
        """Stop sending and receiving at once; following m= lines ask for hold."""

    def unhold():  # type: ignore[no-untyped-def, misc]
        """Undo ``hold``."""

    def deactivate():  # type: ignore[no-untyped-def, misc]
        """The stream is about to be ended: from now on a closed transport is no error."""

    def end():  # type: ignore[no-untyped-def, misc]
        """Close the transport. Idempotent."""
