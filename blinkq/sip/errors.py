"""What goes wrong while reading SIP.

    BlinkQError
    └── SIPParseError   bytes or text from a peer break the grammar

Never for our own misuse: building an illegal message raises ValueError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.errors import BlinkQError

if TYPE_CHECKING:
    from blinkq.sip.message import Request


class SIPParseError(BlinkQError, ValueError):
    """Input that is not SIP.

    code: the status a reply should carry (400, 413, 505...). request: the request as far as it was understood,
    when a reply to it is possible (its Via is readable and it is no ACK); None when nothing can be answered.
    """

    def __init__(self, message: str, code: int = 400, request: Request | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request = request
