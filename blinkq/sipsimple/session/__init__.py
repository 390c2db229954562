"""SIP sessions: calls in both directions with their streams, and the manager that receives them."""

from __future__ import annotations

from blinkq.base.errors import IllegalDirectionError, IllegalStateError
from blinkq.sipsimple.session.manager import SessionManager
from blinkq.sipsimple.session.session import Session
from blinkq.sipsimple.session.transfer_handler import TransferHandler, TransferInfo

__all__ = ["IllegalDirectionError", "IllegalStateError", "Session", "SessionManager", "TransferHandler", "TransferInfo"]
