"""Which transaction a message belongs to (RFC 3261 §17.1.3 and §17.2.3), and the making and forgetting of transactions.

Requests of RFC 2543 peers, whose branches identify nothing, are matched by their headers instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.replies import response_path
from blinkq.sip.timers import TimerQueue, Timing
from blinkq.sip.transactions.invite_client import InviteClientTransaction
from blinkq.sip.transactions.invite_server import InviteServerTransaction
from blinkq.sip.transactions.non_invite_client import NonInviteClientTransaction
from blinkq.sip.transactions.non_invite_server import NonInviteServerTransaction
from blinkq.sip.transactions.transaction import (
    Carrier,
    ClientTransaction,
    ClientUser,
    ServerTransaction,
    ServerUser,
    Transaction,
)
from blinkq.sip.via import MAGIC_COOKIE

__all__ = ["TransactionLayer", "merge_key", "server_key"]

Key: TypeAlias = tuple[str | int | None, ...]


class TransactionLayer:
    """All transactions of one agent."""

    def __init__(self, timing: Timing, timers: TimerQueue, transmit: Callable[[Transmit], None]) -> None:
        self._carrier = Carrier(timing, timers, transmit, self._forget)
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        self._merged: dict[Key, ServerTransaction] = {}

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    # -- the sending side

    def send(
        self, request: Request, hop: Hop | None, flow: Flow | None, user: ClientUser, now: float
    ) -> ClientTransaction:
        """Send `request`, whose top Via carries a fresh branch, in a client transaction."""
        machine = InviteClientTransaction if request.method == "INVITE" else NonInviteClientTransaction
        transaction = machine(request, hop, flow, self._carrier, user)
        self._clients[request.via.branch, request.method] = transaction
        transaction.start(now)
        return transaction

    def receive_response(self, response: Response, flow: Flow, now: float) -> bool:
        """Hand a response to its transaction; False when it has none (the caller drops it, RFC 6026 §8.7)."""
        transaction = self._clients.get((response.via.branch, response.cseq.method))
        if transaction is None:
            return False
        transaction.receive(response, flow, now)
        return True

    # -- the answering side

    def serve_invite(self, request: Request, flow: Flow, user: ServerUser, now: float) -> InviteServerTransaction:
        """Begin to answer an INVITE that `find_server` does not know."""
        transaction = InviteServerTransaction(request, *response_path(request, flow), self._carrier, user)
        self._keep(transaction)
        transaction.start(now)
        return transaction

    def serve(self, request: Request, flow: Flow) -> NonInviteServerTransaction:
        """Begin to answer a request, other than INVITE and ACK, that `find_server` does not know."""
        transaction = NonInviteServerTransaction(request, *response_path(request, flow), self._carrier)
        self._keep(transaction)
        return transaction

    def find_server(self, request: Request) -> ServerTransaction | None:
        """The transaction that `request` repeats, or for an ACK the INVITE's (§17.2.3)."""
        return self._servers.get(server_key(request, "INVITE" if request.method == "ACK" else request.method))

    def find_cancelled(self, cancel: Request) -> InviteServerTransaction | None:
        """The INVITE transaction that a CANCEL means (§9.2)."""
        found = self._servers.get(server_key(cancel, "INVITE"))
        return found if isinstance(found, InviteServerTransaction) else None

    def merges(self, request: Request) -> bool:
        """Whether the same request is already being answered on another path (§8.2.2.2)."""
        return merge_key(request) in self._merged

    # -- transport failure

    def path_failed(self, path: Flow | Hop, reason: str, now: float) -> None:
        """Tell every transaction that used `path` that it broke."""
        affected = [t for t in (*self._clients.values(), *self._servers.values()) if _uses(t, path)]
        for transaction in affected:
            transaction.transport_failed(reason, now)

    # -- keeping

    def _keep(self, transaction: ServerTransaction) -> None:
        self._servers[server_key(transaction.request, transaction.request.method)] = transaction
        if transaction.request.to.tag is None:
            self._merged[merge_key(transaction.request)] = transaction

    def _forget(self, transaction: Transaction) -> None:
        if isinstance(transaction, ClientTransaction):
            self._clients.pop((transaction.request.via.branch, transaction.request.method), None)
            return
        request = transaction.request
        self._servers.pop(server_key(request, request.method), None)
        key = merge_key(request)
        if self._merged.get(key) is transaction:
            del self._merged[key]


def server_key(request: Request, method: str) -> Key:
    """What makes a request the same request for a server (§17.2.3)."""
    via = request.via
    if via.branch is not None and via.branch.startswith(MAGIC_COOKIE):
        return via.branch, via.host.lower(), via.port, method
    # RFC 2543: an ACK carries the To tag of our response, so To is left out; the top Via is compared as a whole.
    sent_by = f"{via.transport} {via.host.lower()}:{via.port} {via.branch}"
    return str(request.uri), request.from_.tag, request.call_id, request.cseq.number, sent_by, method


def merge_key(request: Request) -> Key:
    """What makes two requests outside dialogs the same request that came by two paths (§8.2.2.2)."""
    return request.call_id, request.from_.tag, request.cseq.number, request.cseq.method


def _uses(transaction: Transaction, path: Flow | Hop) -> bool:
    if isinstance(path, Hop):
        hop = transaction.hop
        return (
            hop is not None
            and (hop.transport, hop.address, hop.port, hop.tls_name)
            == (path.transport, path.address, path.port, path.tls_name)
        )
    if transaction.flow is not None:
        return transaction.flow == path
    hop = transaction.hop
    return hop is not None and (hop.transport, hop.address, hop.port) == (
        path.transport,
        path.remote_address,
        path.remote_port,
    )
