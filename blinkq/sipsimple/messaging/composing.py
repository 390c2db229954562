"""Signs that our user is writing a message outside sessions (RFC 3994), sent while it types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from blinkq.engine.loop import in_engine
from blinkq.payloads.iscomposing import IsComposingDocument
from blinkq.sipsimple.account import AnyAccount
from blinkq.sipsimple.headers import BaseIdentityHeader
from blinkq.sipsimple.messaging.carrier import carry
from blinkq.sipsimple.remote_composing import IS_COMPOSING
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import check

__all__ = ["ComposingIndicator"]

#: Seconds without typing after which the user does not write any more (RFC 3994 §3.2).
IDLE_AFTER = 15.0
#: Seconds that "active" holds, as we say it, and after which it is said again.
REFRESH = 120
REPEAT_AFTER = 100.0


class ComposingIndicator:
    """Tells somebody that the user is writing a message.

    :param account: in whose name
    :param to: SIPURI, or a header with an address
    :param routes: to be tried in this order; None to look them up each time

    Call ``typing`` for each key, ``sent`` with the message, ``stop`` when the user gives up. Any thread; IllegalStateError when no engine
    runs. Who does not understand it is not told again.
    """

    def __init__(self, account: AnyAccount, to: BaseSIPURI | BaseIdentityHeader, routes: Sequence[Route] | None = None) -> None:
        check(to=(to, (BaseSIPURI, BaseIdentityHeader)))
        self.account = account
        self.uri = FrozenSIPURI.new(to if isinstance(to, BaseSIPURI) else to.uri)
        self.refused = False
        self._routes = None if routes is None else list(routes)
        self._idle: asyncio.TimerHandle | None = None
        self._repeat_at = 0.0
        self._turn = asyncio.Lock()  # a slow "active" must not overtake an "idle"

    @in_engine
    def typing(self) -> None:
        """A key was pressed."""
        loop = asyncio.get_running_loop()
        if self._idle is None or loop.time() >= self._repeat_at:
            self._repeat_at = loop.time() + REPEAT_AFTER
            self._say("active")
        self._forget_timer()
        self._idle = loop.call_later(IDLE_AFTER, self._over)

    @in_engine
    def sent(self) -> None:
        """The message is sent, which says by itself that it is not being written any more."""
        self._forget_timer()

    @in_engine
    def stop(self) -> None:
        """The user does not write any more. Idempotent."""
        if self._idle is not None:
            self._over()

    def _over(self) -> None:
        self._forget_timer()
        self._say("idle")

    def _forget_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _say(self, state: str) -> None:
        if not self.refused and Runtime.engine is not None:
            Runtime.spawn(self._send(state))

    async def _send(self, state: str) -> None:
        document = IsComposingDocument.create(state=state, content_type="text/plain", refresh=REFRESH if state == "active" else None)
        async with self._turn:
            outcome = await carry(self.account, self.uri, document, IS_COMPOSING, self._routes)
        # §3.2: who answers with an error does not want it; a silent or overloaded one may
        self.refused = self.refused or (400 <= outcome.code < 500 and outcome.code not in (408, 480))
