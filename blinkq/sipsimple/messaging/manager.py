"""MessageManager: receives what comes by MESSAGE outside calls: messages, receipts, signs that somebody is writing."""

from __future__ import annotations

import datetime
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.payloads.imdn import IMDNDocument
from blinkq.payloads.iscomposing import IsComposingDocument, IsComposingMessage
from blinkq.sip.message import Request
from blinkq.sip.usages.incoming_request import IncomingRequest
from blinkq.sipsimple.account import AnyAccount
from blinkq.sipsimple.engine import announce_message
from blinkq.sipsimple.headers import FrozenFromHeader
from blinkq.sipsimple.messaging.envelope import Letter, read
from blinkq.sipsimple.messaging.incoming import IncomingMessage
from blinkq.sipsimple.messaging.pending import Pending, same_party
from blinkq.sipsimple.receipts import IMDN
from blinkq.sipsimple.reception import Reception
from blinkq.sipsimple.remote_composing import IS_COMPOSING, MAX_COMPOSERS, RemoteComposing
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.explanations import warning_header
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_uri import SIPURI, SIPCoreError

__all__ = ["MessageManager"]

#: Messages that are remembered, to know one that comes again by another route.
MAX_REMEMBERED = 500

log = get_logger("sipsimple.messaging")


class MessageManager(metaclass=Singleton):
    """Posts, in the name of the account, SIPAccountGotMessage and SIPAccountGotComposingIndication; receipts go to their OutgoingMessage.

    Only who may call may send messages (``SessionManager.admit``). Whoever the envelope names as the sender counts only if it is who sent
    it.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], None] = {}
        self._composers: dict[tuple[object, ...], RemoteComposing] = {}

    def start(self) -> None:
        """Receive messages. Engine thread only."""
        Reception().take_requests("MESSAGE", self._received)

    def stop(self) -> None:
        """Receive no more. Engine thread only. Idempotent."""
        Reception().take_requests("MESSAGE", None)
        for composer in list(self._composers.values()):
            composer.wear_off()

    def _received(self, account: AnyAccount, incoming: IncomingRequest) -> None:
        request, sip = incoming.request, Runtime.current().sip
        try:
            remote = FrozenFromHeader.from_name_addr(request.from_)
            letter = read(request.body, request.headers.get("Content-Type") or "") if request.body else None
            document = _document(letter)
        except ValueError as error:  # of another scheme, or no such document (a ParserError)
            log.info("refused a MESSAGE from %s: %s", incoming.flow.remote_address, error)
            sip.call(incoming.answer, 400, headers=(warning_header(str(error)),))
            return
        code = announce_message(incoming)
        sip.call(incoming.answer, code)
        if code == 200 and letter is not None and not self._came_already(request, remote, letter):
            self._take(account, remote, letter, document)

    def _came_already(self, request: Request, remote: FrozenFromHeader, letter: Letter) -> bool:
        """Whether the message came before by another route: a new request, but the same Call-ID and number, or the same id."""
        key = (str(remote.uri), request.call_id, request.cseq.number) if letter.message_id is None else (str(remote.uri), letter.message_id)
        if key in self._seen:
            return True
        while len(self._seen) >= MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = None
        return False

    def _take(self, account: AnyAccount, remote: FrozenFromHeader, letter: Letter, document: Any) -> None:
        if letter.content_type == IMDN:
            message = Pending().find(document.message_id.value.strip(), account, remote.uri)
            if message is None:
                log.info("a receipt from %s for no message that was sent there", remote.uri)
            else:
                message.receipt(document.notification)
        elif letter.content_type == IS_COMPOSING:
            self._composer(account, remote).take(document)
        else:
            key = _key(account, remote)
            if key in self._composers:
                self._composers[key].wear_off()
            self._deliver(account, remote, letter)

    def _deliver(self, account: AnyAccount, remote: FrozenFromHeader, letter: Letter) -> None:
        if letter.sender is not None and not _speaks_for(remote, letter):
            # somebody else's words, perhaps: taken as the sender's own, and no receipt tells anybody that we are here
            log.info("a message from %s says that it is from %s", remote.uri, letter.sender.uri)
            letter = Letter(letter.content, letter.content_type, None, letter.subject, letter.sent_at)
        now = datetime.datetime.now(datetime.UTC)
        message = IncomingMessage(
            account, remote, letter.content, letter.content_type, sent_at=letter.sent_at or now, id=letter.message_id,
            subject=letter.subject, dispositions=letter.dispositions,
        )  # fmt: skip
        post(
            "SIPAccountGotMessage", account, message=message, remote_identity=remote, content=message.content,
            content_type=message.content_type, sent_at=message.sent_at, subject=message.subject, dispositions=message.dispositions,
        )  # fmt: skip
        message.acknowledge()

    def _composer(self, account: AnyAccount, remote: FrozenFromHeader) -> RemoteComposing:
        key = _key(account, remote)
        if key not in self._composers:

            def changed(state: str, document: IsComposingMessage | None) -> None:
                if state == "idle":
                    self._composers.pop(key, None)
                content_type = document.content_type.value if document is not None and document.content_type is not None else None
                post("SIPAccountGotComposingIndication", account, remote_identity=remote, state=state, content_type=content_type)

            if len(self._composers) >= MAX_COMPOSERS:
                next(iter(self._composers.values())).wear_off()
            self._composers[key] = RemoteComposing(changed)
        return self._composers[key]


def _document(letter: Letter | None) -> Any:
    """What a receipt or a sign says; None of a message. Raises ParserError."""
    if letter is None or letter.content_type not in (IMDN, IS_COMPOSING):
        return None
    content = letter.content.encode() if isinstance(letter.content, str) else letter.content
    return (IMDNDocument if letter.content_type == IMDN else IsComposingDocument).parse(content)


def _speaks_for(remote: FrozenFromHeader, letter: Letter) -> bool:
    try:
        return letter.sender is not None and same_party(remote.uri, SIPURI.parse(str(letter.sender.uri)))
    except SIPCoreError:
        return False


def _key(account: AnyAccount, remote: FrozenFromHeader) -> tuple[object, ...]:
    return id(account), remote.uri.user, remote.uri.host.lower()
