"""Headers: the ordered, case-insensitive multimap of a message. Text only; the typed reading is the message's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from blinkq.sip.grammar import is_token, split_commas

_SPELLINGS = (
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "Flow-Timer", "From", "History-Info", "Identity", "In-Reply-To", "Info-Package",
    "Join", "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE", "Organization", "P-Access-Network-Info",
    "P-Asserted-Identity", "P-Associated-URI", "P-Called-Party-ID", "P-Preferred-Identity", "Path", "Priority",
    "Privacy", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Require", "RAck",
    "Reason", "Record-Route", "Recv-Info", "Refer-Sub", "Refer-To", "Referred-By", "Reject-Contact",
    "Remote-Party-ID", "Replaces", "Reply-To", "Request-Disposition", "Require", "Retry-After", "Route", "RSeq",
    "Server", "Service-Route", "Session-Expires", "SIP-ETag", "SIP-If-Match", "Subject", "Subscription-State",
    "Supported", "Target-Dialog", "Timestamp", "To", "Unsupported", "User-Agent", "Via", "Warning",
    "WWW-Authenticate",
)

COMPACT_NAMES = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""The registered one-letter names (RFC 3261 §7.3.3 and its extensions)."""

_canonical = {name.lower(): name for name in _SPELLINGS} | COMPACT_NAMES
# Every spelling seen so far that is worth a direct hit: as written, lower case and one-letter.
_keys = {name: name.lower() for name in _SPELLINGS}
_keys |= {name.lower(): name.lower() for name in _SPELLINGS}
_keys |= {short: name.lower() for short, name in COMPACT_NAMES.items()}
_keys |= {short.upper(): name.lower() for short, name in COMPACT_NAMES.items()}


def header_key(name: str) -> str:
    """The lower-case long name under which `name`, long or compact, is kept."""
    key = _keys.get(name)
    if key is None:
        key = name.lower()
        key = _keys.get(key, key)
    return key


class Headers:
    """Header lines by name. Names are case-insensitive and compact names mean the long ones; values are text without line breaks.

    Lines of one name keep their order and stay together. Building raises ValueError for a name that is no token and for a value with
    line breaks or NUL: nothing a caller passes can smuggle a header in.
    """

    __slots__ = ("_names", "_typed", "_values")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}  # as written, only of names that are not registered
        self._typed: dict[str, Any] = {}  # what Message has parsed; an entry goes when its header changes
        for name, value in items:
            self.add(name, value)

    def get(self, name: str) -> str | None:
        """The first line's value, None when there is none."""
        values = self._values.get(_keys.get(name) or header_key(name))
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """The values of all lines of that name, as they stand."""
        return list(self._values.get(header_key(name), ()))

    def get_split(self, name: str) -> list[str]:
        """All values of that name, with the comma-separated ones taken apart. Raises SIPParseError."""
        return [element for line in self._values.get(header_key(name), ()) for element in split_commas(line)]

    def add(self, name: str, value: str) -> None:
        """Append a line. Raises ValueError."""
        self._lines(name, value).append(value)

    def prepend(self, name: str, value: str) -> None:
        """Put a line before all others (and before those of the same name). Raises ValueError."""
        lines = self._lines(name, value)
        lines.insert(0, value)
        key = header_key(name)
        del self._values[key]
        self._values = {key: lines, **self._values}

    def set(self, name: str, value: str) -> None:
        """Make `value` the only line of that name, in its old place. Raises ValueError."""
        self._lines(name, value)[:] = [value]

    def set_all(self, name: str, values: Iterable[str]) -> None:
        """Make `values` the lines of that name; none removes it. Raises ValueError."""
        self.remove(name)
        for value in values:
            self.add(name, value)

    def remove(self, name: str) -> None:
        """Drop all lines of that name, if any."""
        key = header_key(name)
        self._values.pop(key, None)
        self._names.pop(key, None)
        self._typed.pop(key, None)

    def items(self) -> Iterator[tuple[str, str]]:
        """(name, value) of every line, names spelled as they are sent."""
        for key, values in self._values.items():
            name = self._names.get(key) or _canonical.get(key, key)
            for value in values:
                yield name, value

    def copy(self) -> Headers:
        """Headers of its own with the same lines."""
        twin = Headers()
        twin._values = {key: values[:] for key, values in self._values.items()}
        twin._names = self._names.copy()
        twin._typed = self._typed.copy()
        return twin

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and header_key(name) in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self.items()

    def __len__(self) -> int:
        return sum(map(len, self._values.values()))

    def __eq__(self, other: object) -> bool:
        """Same lines per name; the order of different names means nothing (RFC 3261 §7.3.1)."""
        return self._values == other._values if isinstance(other, Headers) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        """For debugging; without credentials, as it may end up in a log."""
        shown = [(name, "[hidden]" if name.endswith("Authorization") else value) for name, value in self.items()]
        return f"Headers({shown!r})"

    def _lines(self, name: str, value: str) -> list[str]:
        if "\n" in value or "\r" in value or "\0" in value:
            raise ValueError(f"line break or NUL in the value of {name!r}")
        key = header_key(name)
        self._typed.pop(key, None)
        lines = self._values.get(key)
        if lines is None:
            if key not in _canonical:
                if not is_token(name):
                    raise ValueError(f"not a header name: {name!r}")
                self._names[key] = name
            lines = self._values[key] = []
        return lines


def headers_of_lines(lines: Iterable[str]) -> Headers:
    """The headers in unfolded `lines`, for the parser: values stripped, nothing else checked but the names.

    Raises ValueError for a line that is no header.
    """
    headers = Headers()
    all_values, keys = headers._values, _keys
    for line in lines:
        name, colon, value = line.partition(":")
        key = keys.get(name)
        if key is None or not colon:
            name = name.rstrip(" \t")
            if not colon or not is_token(name):
                raise ValueError("not a header line")
            key = header_key(name)
            if key not in _canonical:
                headers._names.setdefault(key, name)
        values = all_values.get(key)
        if values is None:
            all_values[key] = [value.strip()]
        else:
            values.append(value.strip())
    return headers
