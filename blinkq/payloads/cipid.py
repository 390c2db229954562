"""Contact information beside presence: business card, home page, picture (CIPID, RFC 4482), and what a service can do (RFC 5196)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blinkq.payloads.element import Element, text_child
from blinkq.payloads.kinds import BOOLEAN

__all__ = ["CAPS", "CIPID", "ServiceCapabilities"]

CIPID = "urn:ietf:params:xml:ns:pidf:cipid"
CAPS = "urn:ietf:params:xml:ns:pidf:caps"


@dataclass
class ServiceCapabilities(Element):
    """Which media a service takes (RFC 5196 §3.2, the elements that are yes or no); None means it does not say."""

    tag: ClassVar[str] = f"{{{CAPS}}}servcaps"
    application: bool | None = text_child(f"{{{CAPS}}}application", BOOLEAN)
    audio: bool | None = text_child(f"{{{CAPS}}}audio", BOOLEAN)
    automata: bool | None = text_child(f"{{{CAPS}}}automata", BOOLEAN)
    control: bool | None = text_child(f"{{{CAPS}}}control", BOOLEAN)
    data: bool | None = text_child(f"{{{CAPS}}}data", BOOLEAN)
    isfocus: bool | None = text_child(f"{{{CAPS}}}isfocus", BOOLEAN)
    message: bool | None = text_child(f"{{{CAPS}}}message", BOOLEAN)
    text: bool | None = text_child(f"{{{CAPS}}}text", BOOLEAN)
    video: bool | None = text_child(f"{{{CAPS}}}video", BOOLEAN)
