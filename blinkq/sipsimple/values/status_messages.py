"""The phrases of SIP status codes."""

from __future__ import annotations

from blinkq.sip.status import REASONS

__all__ = ["sip_status_messages"]


class _StatusMessages:
    """The phrases of SIP status codes; IndexError for an unknown code."""

    def __getitem__(self, code: int) -> str:
        try:
            return REASONS[code]
        except KeyError:
            raise IndexError(f"{code} is not a known SIP status code") from None


sip_status_messages = _StatusMessages()
