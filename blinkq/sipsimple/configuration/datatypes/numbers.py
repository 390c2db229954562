"""Numbers that settings can be, and pairs of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["NonNegativeInteger", "PJSIPLogLevel", "Port", "PortRange", "PositiveInteger", "SampleRate", "VideoResolution"]


class NonNegativeInteger(int):
    """0, 1, 2, …"""

    def __new__(cls, value: object) -> NonNegativeInteger:
        number = int.__new__(cls, _integer(value))
        if number < 0:
            raise ValueError(f"a number of at least 0 is wanted, not {value}")
        return number


class PositiveInteger(int):
    """1, 2, 3, …"""

    def __new__(cls, value: object) -> PositiveInteger:
        number = int.__new__(cls, _integer(value))
        if number < 1:
            raise ValueError(f"a number of at least 1 is wanted, not {value}")
        return number


class PJSIPLogLevel(int):
    """A number from 0 to 5."""

    def __new__(cls, value: object) -> PJSIPLogLevel:
        number = int.__new__(cls, _integer(value))
        if not 0 <= number <= 5:
            raise ValueError(f"a log level is a number from 0 to 5, not {value}")
        return number


class SampleRate(int):
    """Sample rate of a mixer in Hz."""

    valid_values: ClassVar[tuple[int, ...]] = (8000, 16000, 32000, 48000)

    def __new__(cls, value: object) -> SampleRate:
        number = int.__new__(cls, _integer(value))
        if number not in cls.valid_values:
            raise ValueError(f"a sample rate is one of {', '.join(map(str, cls.valid_values))}, not {value}")
        return number


class Port(int):
    """A port number; 0 lets the system choose."""

    def __new__(cls, value: object) -> Port:
        number = int.__new__(cls, _integer(value))
        if not 0 <= number <= 65535:
            raise ValueError(f"a port is a number from 0 to 65535, not {value}")
        return number


@dataclass(frozen=True)
class PortRange:
    """A range of ports, both ends included, written ``50000-50500``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 < self.start < self.end <= 65535:
            raise ValueError(f"a port range is two rising numbers from 1 to 65535, not {self.start}-{self.end}")

    @classmethod
    def from_description(cls, text: str) -> PortRange:
        match = re.fullmatch(r"\s*(\d{1,5})\s*[-:]\s*(\d{1,5})\s*", text, re.ASCII)
        if match is None:
            raise ValueError(f"a port range is written like 50000-50500, not {text!r}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True)
class VideoResolution:
    """Width and height of a picture, written ``1280x720``."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if not (0 < self.width <= 16384 and 0 < self.height <= 16384):
            raise ValueError(f"a resolution is two numbers from 1 to 16384, not {self.width}x{self.height}")

    @classmethod
    def from_description(cls, text: str) -> VideoResolution:
        match = re.fullmatch(r"\s*(\d{1,5})\s*x\s*(\d{1,5})\s*", text, re.ASCII)
        if match is None:
            raise ValueError(f"a resolution is written like 1280x720, not {text!r}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def _integer(value: object) -> int:
    if isinstance(value, float) and value != int(value):
        raise ValueError(f"a whole number is wanted, not {value}")
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]  # whatever int() refuses becomes the sentence below
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a whole number is wanted, not {value!r}") from None
