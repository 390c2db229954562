"""The registry of stream classes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zope.interface import implementer

from blinkq.sipsimple.streams import AudioStream, IMediaStream, MediaStreamRegistrar, MediaStreamRegistry, MediaStreamType


@pytest.fixture
def classes() -> Iterator[list[type]]:
    made: list[type] = []
    yield made
    for cls in made:
        MediaStreamRegistry.discard(cls)


def test_audio_is_registered() -> None:
    assert AudioStream in list(MediaStreamRegistry())
    assert MediaStreamRegistry.AudioStream is AudioStream
    assert MediaStreamRegistry.get("audio") is AudioStream
    assert IMediaStream.implementedBy(AudioStream)
    with pytest.raises(KeyError):
        MediaStreamRegistry.get("smoke-signals")
    with pytest.raises(AttributeError):
        _ = MediaStreamRegistry.NoSuchStream


def test_classes_register_themselves_by_priority(classes: list[type]) -> None:
    @implementer(IMediaStream)
    class High(metaclass=MediaStreamRegistrar):
        type = "high"
        priority = 10

    class Abstract(metaclass=MediaStreamType):
        type = None

    class Low(metaclass=MediaStreamRegistrar):
        type = "low"
        priority = 0

    classes += [High, Low]
    MediaStreamRegistry.add(High)
    for wrong in (object, Abstract, High()):
        with pytest.raises(TypeError, match="IMediaStream"):
            MediaStreamRegistry.add(wrong)  # type: ignore[arg-type]
    assert [cls for cls in MediaStreamRegistry if cls in (High, AudioStream, Low)] == [High, AudioStream, Low]
    assert Abstract not in list(MediaStreamRegistry)
