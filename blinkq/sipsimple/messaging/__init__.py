"""Messages outside calls: sent, received, with receipts and signs that somebody is writing.

OutgoingMessage sends one; what comes is told by notifications of the account (SIPAccountGotMessage, SIPAccountGotComposingIndication).
"""

from __future__ import annotations

from blinkq.sipsimple.messaging.composing import ComposingIndicator
from blinkq.sipsimple.messaging.incoming import IncomingMessage
from blinkq.sipsimple.messaging.manager import MessageManager
from blinkq.sipsimple.messaging.outgoing import OutgoingMessage

__all__ = ["ComposingIndicator", "IncomingMessage", "MessageManager", "OutgoingMessage"]
