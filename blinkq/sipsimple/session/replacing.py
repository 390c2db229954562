"""A call that shall take the place of another one (RFC 3891): which session is meant, and what is told about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.sip.replaces import Replacement

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["note_replacement"]


def note_replacement(session: Session, replacement: Replacement) -> int:
    """Set what ``session``, a new incoming one, replaces, and announce it; the code to refuse the call with, 0 when it may go on.

    Posts SIPSessionNewIncomingFromTransfer and, when there is nothing to replace, SIPSessionNewIncomingFromTransferFailed. The replaced
    session is ended by ``Call`` when the new one starts, not before: the user has to accept it like any call.
    """
    replaces, invitation = replacement.replaces, replacement.invitation
    if replaces is not None:
        post(
            "SIPSessionNewIncomingFromTransfer", session,
            call_id=replaces.call_id, to_tag=replaces.to_tag, from_tag=replaces.from_tag, replaced_dialog=replaces.dialog,
        )  # fmt: skip
    if invitation is None or invitation.owner is None:
        reason = replacement.reason or "there is no such session"
        post("SIPSessionNewIncomingFromTransferFailed", session, reason=reason)
        return replacement.code or 481
    session.replaced_session = invitation.owner
    return 0
