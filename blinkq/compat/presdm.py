"""``sipsimple.payloads.presdm``: PIDF under the names of old versions."""

from __future__ import annotations

from blinkq.payloads.pidf import (
    PIDF,
    Contact,
    Device,
    DeviceInfo,
    DeviceTimestamp,
    DMNote,
    Person,
    PersonTimestamp,
    PIDFNote,
    Service,
    ServiceTimestamp,
    Status,
)

__all__ = [
    "PIDF", "Contact", "DMNote", "Device", "DeviceInfo", "DeviceNote", "DeviceTimestamp", "PIDFNote", "Person", "PersonNote",
    "PersonTimestamp", "Service", "ServiceTimestamp", "Status",
]  # fmt: skip

PersonNote = DeviceNote = DMNote
