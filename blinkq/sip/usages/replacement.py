"""What becomes of a Replaces header in an INVITE (RFC 3891 §3): the call that is meant, or the code to refuse the INVITE with."""

from __future__ import annotations

from blinkq.sip.context import Context
from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import Request
from blinkq.sip.replaces import Replacement, replaces_of
from blinkq.sip.usages.invitation import Invitation, InvitationState

__all__ = ["replacement_of"]

_S = InvitationState

_EARLY = (_S.CALLING, _S.PROCEEDING)
_CONFIRMED = (_S.ANSWERED, _S.ACCEPTED, _S.CONFIRMED)
_OVER = (_S.CANCELLING, _S.REJECTING, _S.ENDING, _S.TERMINATED)


def replacement_of(request: Request, context: Context) -> Replacement | None:
    """None when `request` replaces nothing."""
    try:
        replaces = replaces_of(request)
    except SIPParseError as error:
        return Replacement(None, None, 481, str(error))
    if replaces is None:
        return None
    user = context.dialogs.get(replaces.dialog)
    if replaces.dialog in context.ended or (isinstance(user, Invitation) and user.state in _OVER):
        return Replacement(replaces, None, 603, "the call to be replaced is over")
    if isinstance(user, Invitation) and user.state in _EARLY:
        return Replacement(replaces, user)
    if not isinstance(user, Invitation) or user.state not in _CONFIRMED:  # one that rings here is nothing to be replaced
        return Replacement(replaces, None, 481, "there is no such call to be replaced")
    if replaces.early_only:
        return Replacement(replaces, None, 486, "the call to be replaced is answered already")
    return Replacement(replaces, user)
