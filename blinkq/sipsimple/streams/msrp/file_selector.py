"""Which file is meant: the a=file-selector of RFC 5547 §6, and safe names for what strangers send."""

from __future__ import annotations

import mimetypes
import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

__all__ = ["FileSelector", "free_path", "safe_name"]

_token = re.compile(r"\s*(name|type|size|hash):(\"[^\"]*\"|[^\s\"]+)", re.IGNORECASE)
_hash = re.compile(r"(?:[0-9A-F]{2}:)+[0-9A-F]{2}")
_forbidden = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
#: Names that Windows takes for devices, whatever follows a dot.
_devices = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\..*)?", re.IGNORECASE)

MAX_NAME = 200
"""Characters; file systems take 255 bytes, and a number or an ending may be added."""

#: Our spelling of hash algorithms, and those of others.
_ALGORITHMS = {"sha-1": "sha-1", "sha1": "sha-1", "sha-256": "sha-256", "sha256": "sha-256"}


@dataclass
class FileSelector:
    """name: of the file (with its path where it is ours); type: MIME; size: bytes; hash: its SHA-1 as "sha1:AB:CD:…"; fd: an open file.

    hashes: all known, by algorithm ("sha-1", "sha-256"), as "AB:CD:…".
    """

    name: str | None = None
    type: str | None = None
    size: int | None = None
    hash: str | None = None
    fd: BinaryIO | None = None
    hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.hash is not None:
            algorithm, _, value = self.hash.partition(":")
            name = _ALGORITHMS.get(algorithm.lower())
            if name is None or not _hash.fullmatch(value.upper()):
                raise ValueError(f"not a hash: {self.hash[:60]!r}")
            self.hashes.setdefault(name, value.upper())
        elif "sha-1" in self.hashes:
            self.hash = f"sha1:{self.hashes['sha-1']}"

    @classmethod
    def parse(cls, text: str) -> FileSelector:
        """From the value of a=file-selector; unknown selectors are left out. Raises ValueError."""
        name = kind = size = None
        hashes: dict[str, str] = {}
        for key, value in _token.findall(text):
            match key.lower():
                case "name":
                    name = unquote_to_bytes(value.strip('"')).decode("utf-8", "replace")
                case "type":
                    kind = value.strip('"')
                case "size":
                    if not value.isdecimal() or len(value) > 18:
                        raise ValueError(f"not a size: {value[:40]!r}")
                    size = int(value)
                case "hash":
                    algorithm, _, digits = value.partition(":")
                    if (known := _ALGORITHMS.get(algorithm.lower())) and _hash.fullmatch(digits.upper()):
                        hashes[known] = digits.upper()
        if name is kind is size is None and not hashes:
            raise ValueError(f"a file selector that selects nothing: {text[:80]!r}")
        return cls(name, kind, size, None, None, hashes)

    @classmethod
    def for_file(cls, path: str | os.PathLike[str], content_type: str | None = None, hash: str | None = None) -> FileSelector:
        """For a file of ours, opened; its hashes are computed when its stream is initialized. Raises OSError."""
        place = Path(path)
        fd = place.open("rb")
        kind = content_type or mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        return cls(str(place), kind, os.fstat(fd.fileno()).st_size, hash, fd)

    @property
    def sdp_repr(self) -> str:
        """As a=file-selector says it: without the path."""
        parts = []
        if self.name is not None:
            parts.append(f'name:"{quote(Path(self.name).name, safe=_PLAIN)}"')
        if self.type is not None:
            parts.append(f"type:{self.type}")
        if self.size is not None:
            parts.append(f"size:{self.size}")
        parts += [f"hash:{algorithm}:{value}" for algorithm, value in sorted(self.hashes.items())]
        return " ".join(parts)

    def describes(self, size: int, hashes: dict[str, str]) -> bool:
        """Whether a file of that size with these hashes may be meant."""
        return self.size in (None, size) and all(hashes.get(name, value) == value for name, value in self.hashes.items())

    def complete(self, told: FileSelector) -> bool:
        """Take over what is not known yet from what the owner of the file says; False when the two cannot mean the same file."""
        if any(self.hashes.get(name, value) != value for name, value in told.hashes.items()):
            return False
        if self.size is not None and told.size not in (None, self.size):
            return False
        self.size = told.size if self.size is None else self.size
        self.name, self.type = self.name or told.name, self.type or told.type
        self.hashes = {**told.hashes, **self.hashes}
        return True


#: What may stand as it is in the name (RFC 5547 §6 wants NUL, CR, LF and the quote escaped; the percent sign must be for that).
_PLAIN = " !#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def safe_name(suggestion: str | None) -> str:
    """A file name out of what a stranger suggests: no path, no control characters, no device, not hidden, not too long."""
    text = unicodedata.normalize("NFC", suggestion or "")
    text = re.split(r"[/\\]", text)[-1]
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    text = _forbidden.sub("_", text).strip(" .")
    if _devices.fullmatch(text):
        text = f"_{text}"
    if len(text.encode()) > MAX_NAME:
        stem, dot, ending = text.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 10 else ""
        stem = (stem if ending else text).encode()[: MAX_NAME - len(ending.encode())].decode("utf-8", "ignore")
        text = (stem.rstrip(" .") or "file") + ending if ending else stem.rstrip(" .")
    return text or "file"


def free_path(directory: Path, name: str) -> Path:
    """A path in ``directory`` that nothing has yet: "name (2).txt" where "name.txt" is taken."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    candidate, number = directory / name, 2
    while os.path.lexists(candidate):
        candidate = directory / f"{stem} ({number}){dot}{ending}"
        number += 1
    return candidate
