"""The Replaces header (RFC 3891): which dialog a new call takes the place of. Reading, writing, and finding the dialog.

Knowing both tags and the Call-ID is what proves that the caller may ask; whether the call is let in at all is the business of those who
decide about every INVITE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinkq.sip.dialog import DialogID
from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import parse_parameters
from blinkq.sip.message import Message
from blinkq.sip.uri import URI, unescape

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation

__all__ = ["Replacement", "Replaces", "replaces_in", "replaces_of"]

# RFC 3891 §6.1: stands for the missing tag of an RFC 2543 peer.
_NO_TAG = "0"


@dataclass(frozen=True, slots=True)
class Replaces:
    """The header's content. to_tag: the tag of whoever receives it; early_only: only a call that still rings may be replaced."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Raises SIPParseError."""
        call_id, _, rest = text.partition(";")
        call_id = call_id.strip()
        parameters = parse_parameters(rest)
        to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
        if not call_id or any(character.isspace() for character in call_id) or not to_tag or not from_tag:
            raise SIPParseError("bad Replaces header")
        return cls(call_id, to_tag, from_tag, "early-only" in parameters)

    @classmethod
    def of_dialog(cls, dialog: DialogID) -> Replaces:
        """For a new call to the other side of `dialog`, a dialog of ours (RFC 3891 §4): there our tag is the remote one."""
        return cls(dialog.call_id, dialog.remote_tag or _NO_TAG, dialog.local_tag or _NO_TAG)

    @property
    def dialog(self) -> DialogID:
        """The dialog as whoever receives the header sees it."""
        return DialogID(self.call_id, "" if self.to_tag == _NO_TAG else self.to_tag, "" if self.from_tag == _NO_TAG else self.from_tag)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"

    def put_into(self, uri: URI) -> URI:
        """`uri` with this header in it, as a Refer-To carries it (RFC 5589 §7)."""
        escaped = str(self).replace("%", "%25")  # what looks like an escape in a Call-ID is none
        return uri.replace(headers={**uri.headers, "replaces": escaped})


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a Replaces header in an INVITE came to: either `invitation`, the call to be replaced, or the `code` to refuse the INVITE with.

    replaces: the header, None when it cannot be read; reason: why not, for people.
    """

    replaces: Replaces | None
    invitation: Invitation | None
    code: int = 0
    reason: str = ""


def replaces_of(message: Message) -> Replaces | None:
    """The Replaces header of `message`, None without one. Raises SIPParseError for a bad one and for more than one (RFC 3891 §3)."""
    values = message.headers.get_split("replaces")
    if not values:
        return None
    if len(values) > 1:
        raise SIPParseError("more than one Replaces header")
    return Replaces.parse(values[0])


def replaces_in(uri: URI) -> Replaces | None:
    """The Replaces header in the URI of a Refer-To; None without one. Raises SIPParseError."""
    value = uri.headers.get("replaces")
    return None if value is None else Replaces.parse(unescape(value))
