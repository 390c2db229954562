"""A stream type of one's own registers itself: from then on it is found for the m= lines that peers offer."""

from zope.interface import implementer

from blinkq.sipsimple.streams import IMediaStream, MediaStreamRegistrar, MediaStreamRegistry


@implementer(IMediaStream)
class WhiteboardStream(metaclass=MediaStreamRegistrar):
    """Only its registration is shown here; tests/support/text_stream.py is a whole one."""

    type = "whiteboard"
    priority = 1
    hold_supported = False

    def __init__(self, account):
        self.account = account


print(MediaStreamRegistry.get("whiteboard").__name__)
print(MediaStreamRegistry.WhiteboardStream is WhiteboardStream, MediaStreamRegistry.AudioStream.type)
print(IMediaStream.implementedBy(WhiteboardStream))

# prints:
# WhiteboardStream
# True audio
# True
