"""SIP sessions: calls in both directions with their streams, and the manager that receives them."""

from __future__ import annotations

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.session.manager import SessionManager
from blinkq.sipsimple.session.session import Session

__all__ = ["IllegalStateError", "Session", "SessionManager"]
