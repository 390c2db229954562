"""What applications do with a standing session beside changing its streams: transfer it, answer a transfer, send a message in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import in_engine
from blinkq.sip.dialog import DialogID
from blinkq.sipsimple.session.arguments import check_refusal
from blinkq.sipsimple.session.states import SessionMachine, SessionState
from blinkq.sipsimple.session.transfer_handler import TransferHandler, TransferInput
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.session.call import Call

__all__ = ["Transferring", "header_pairs"]


class Transferring:
    """Part of Session."""

    machine: SessionMachine
    transfer_handler: TransferHandler
    _call: Any

    @property
    def dialog_id(self) -> DialogID | None:
        """call_id, local_tag and remote_tag of the dialog, once there is one."""
        call: Call | None = self._call
        return call.invitation.dialog_id if call is not None and call.invitation is not None else None

    def transfer(
        self, target_uri: BaseSIPURI | str, replaced_session: Transferring | None = None, extra_headers: Iterable[Any] = ()
    ) -> None:
        """Ask the peer to call somebody else (RFC 3515).

        :param target_uri: whom the peer shall call (SIPURI, or text; SIPCoreError when it is no SIP address)
        :param replaced_session: our session with that party, which the new call takes the place of (RFC 3891): an attended transfer
        :param extra_headers: (name, value) pairs, or objects with a ``name`` and a ``body``, for the request

        Posts SIPSessionTransferNewOutgoing, then SIPSessionTransferDidStart, SIPSessionTransferGotProgress as it goes, and
        SIPSessionTransferDidEnd, after which this session ends, or SIPSessionTransferDidFail. Allowed in state "connected" while no
        transfer is under way (IllegalDirectionError: the peer asks for one). ValueError for a ``replaced_session`` without a dialog.
        """
        if not isinstance(target_uri, (BaseSIPURI, str)):
            raise TypeError(f"transfer: target_uri is a SIPURI or text, not {target_uri!r}")
        if replaced_session is not None and not isinstance(replaced_session, Transferring):
            raise TypeError(f"transfer: replaced_session is a Session, not {replaced_session!r}")
        target = SIPURI.parse(target_uri) if isinstance(target_uri, str) else SIPURI.new(target_uri)
        headers = header_pairs(extra_headers)
        replaced = replaced_session.dialog_id if replaced_session is not None else None
        if replaced_session is not None and (replaced is None or replaced_session is self):
            raise ValueError("transfer: replaced_session is not in a call with somebody else")
        if self.machine.state is not SessionState.CONNECTED:
            raise IllegalStateError(f"transfer is not allowed in state {self.machine.state.value}")
        self.transfer_handler.begin("outgoing", "transfer")
        self._transfer(target, replaced, headers)

    @in_engine
    def _transfer(self, target: SIPURI, replaced: DialogID | None, headers: list[tuple[str, str]]) -> None:
        if self._call is not None:
            self._call.transfers.transfer(target, replaced, headers)

    def accept_transfer(self) -> None:
        """Agree to what SIPSessionTransferNewIncoming asked for: a new session calls the other party, and this one ends when it stands.

        Posts SIPSessionTransferDidStart, and SIPSessionTransferDidEnd or SIPSessionTransferDidFail; ``transfer_handler.new_session`` is
        the new session. Allowed once per transfer, while the session is connected or renegotiating.
        """
        self._require_started("accept_transfer")
        self.transfer_handler.require(TransferInput.START, "incoming", "accept_transfer")
        self._accept_transfer()

    @in_engine
    def _accept_transfer(self) -> None:
        if self._call is not None and self.transfer_handler.active:
            self._call.transfers.accept()

    def reject_transfer(self, code: int = 603, reason: str | None = None) -> None:
        """Refuse it with a SIP code from 300 to 699 (ValueError otherwise) and a phrase, None for the usual one.

        Posts SIPSessionTransferDidFail. Allowed as ``accept_transfer``.
        """
        check_refusal("reject_transfer", code, "a transfer")
        self._require_started("reject_transfer")
        self.transfer_handler.require(TransferInput.FAIL, "incoming", "reject_transfer")
        self._reject_transfer(code, reason)

    @in_engine
    def _reject_transfer(self, code: int, reason: str | None) -> None:
        if self._call is not None:
            self._call.transfers.reject(code, reason)

    def send_message(self, content_type: str, content: str | bytes, extra_headers: Iterable[Any] | None = None) -> None:
        """Send a MESSAGE inside the call (RFC 3428); the peer's arrive as SIPSessionGotMessage.

        :param content: text is sent as UTF-8
        :param extra_headers: as for ``transfer``

        Allowed while the session is connected or renegotiating.
        """
        if not isinstance(content_type, str) or not isinstance(content, (str, bytes)):
            raise TypeError("send_message: content_type is text, content text or bytes")
        headers = header_pairs(extra_headers or ())
        self._require_started("send_message")
        self._send_message(content_type, content.encode() if isinstance(content, str) else content, headers)

    @in_engine
    def _send_message(self, content_type: str, content: bytes, headers: list[tuple[str, str]]) -> None:
        if self._call is not None:
            self._call.transfers.send_message(content_type, content, headers)

    def _require_started(self, method: str) -> None:
        if not self.machine.started:
            raise IllegalStateError(f"{method} is not allowed in state {self.machine.state.value}")


def header_pairs(headers: Iterable[Any]) -> list[tuple[str, str]]:
    """(name, value) of each header: given so, or as an object with ``name`` and ``body``. Raises TypeError."""
    pairs: list[tuple[str, str]] = []
    for header in headers:
        name, value = header if isinstance(header, tuple) and len(header) == 2 else (getattr(header, "name", 0), getattr(header, "body", 0))
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"a header is a pair of name and value, not {header!r}")
        pairs.append((name, value))
    return pairs
