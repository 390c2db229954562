"""The ICE agent of one stream: aioice's checks on sockets of ours (RFC 8445). Belongs to the ICE thread's loop.

One agent is one negotiation: an ICE restart makes another one on the same sockets. What differs from aioice's own ways: the sockets are
those that carry the media, on ports of the configured range; server-reflexive candidates are waited for only so long; a pair selected later
takes over only if it is better; and it is known as what the peer sees us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, Connection, StunProtocol, candidate_pair_priority

from blinkq.media.ice import IceCandidate, IceCheck
from blinkq.media.ice_control import StartIce
from blinkq.voice.ice_socket import IceSocket
from blinkq.voice.transport import Address

__all__ = ["CHECK_TIMEOUT", "MAX_PAIRS", "Agent", "host_candidate", "worth_checking"]

#: Seconds after which checks without result have failed: the peer's phone rings no more, and people wait for the sound.
CHECK_TIMEOUT = 5.0

#: Pairs that are checked at most (RFC 8445 §6.1.2.5): a peer cannot make us knock at more doors.
MAX_PAIRS = 100

#: Seconds between reminders to the NAT; home routers forget an idle socket after thirty.
KEEP_ALIVE = 15.0

_COMPONENTS = 2


def host_candidate(component: int, address: str, port: int, preference: int) -> IceCandidate:
    """The candidate of a socket on ``address``; addresses with a higher ``preference`` (0 to 65535) come first."""
    return IceCandidate(
        candidate_foundation("host", "udp", address), component, candidate_priority(component, "host", preference), address, port, "host"
    )


class Agent(Connection):
    """Negotiates over ``sockets`` with our own credentials; ``known`` are candidates that an earlier agent has found on them."""

    def __init__(
        self, sockets: Sequence[IceSocket], ufrag: str, password: str, controlling: bool, known: Sequence[IceCandidate] = ()
    ) -> None:
        super().__init__(ice_controlling=controlling, components=_COMPONENTS, local_username=ufrag, local_password=password)
        self.candidates: list[IceCandidate] = list(known) or [one.candidate for one in sockets]
        self._bases: dict[StunProtocol, IceSocket] = {}
        self._mapped: dict[tuple[StunProtocol, Address], Address] = {}
        self._settled = False
        self.better = asyncio.Event()  # other pairs were selected than those told
        for one in sockets:
            protocol = _Protocol(self, self._mapped)
            protocol.local_candidate = _to_library(one.candidate)
            one.attach(protocol)
            self._bases[protocol] = one

    async def find_reflexive(self, server: Address, timeout: float) -> None:
        """Ask a STUN server how it sees our IPv4 sockets; what is known after ``timeout`` seconds has to do."""
        asked = {
            asyncio.create_task(self._ask(protocol, server)) for protocol, one in self._bases.items() if ":" not in one.candidate.address
        }
        if not asked or ":" in server[0]:
            return
        _, late = await asyncio.wait(asked, timeout=timeout)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _ask(self, protocol: StunProtocol, server: Address) -> None:
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        try:
            response, _ = await protocol.request(request, server)
            address, port = response.attributes["XOR-MAPPED-ADDRESS"]
        except (stun.TransactionError, KeyError):
            return
        base = self._bases[protocol].candidate
        if (address, port) != (base.address, base.port):  # else there is no NAT between us and the server
            preference = (base.priority >> 8) & 0xFFFF
            self.candidates.append(
                IceCandidate(
                    candidate_foundation("srflx", "udp", base.address), base.component,
                    candidate_priority(base.component, "srflx", preference), address, port, "srflx", base.address, base.port,
                )
            )  # fmt: skip

    async def keep_mapped(self, server: Address) -> None:
        """Remind the NAT of our sockets as long as the peer's phone rings (RFC 8445 §5.1.1.4); to be cancelled."""
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            for protocol, one in self._bases.items():
                if ":" not in one.candidate.address:
                    reminder = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.INDICATION)
                    protocol.send_stun(reminder, server)

    async def get_component_candidates(self, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        """For the library: our sockets instead of some that it would open."""
        protocols = [protocol for protocol, one in self._bases.items() if one.candidate.component == component]
        self._protocols += protocols
        return [protocol.local_candidate for protocol in protocols]

    async def negotiate(self, remote: StartIce) -> None:
        """Check the pairs with the peer's candidates. Raises ConnectionError or TimeoutError when none works."""
        self.remote_username, self.remote_password = remote.ufrag, remote.password
        self.remote_is_lite = remote.lite
        self.ice_controlling = self.ice_controlling or remote.lite  # else what a conflict of roles with an early check has settled
        await self.gather_candidates()
        for candidate in worth_checking(remote.candidates, len(self._bases) // _COMPONENTS):
            await self.add_remote_candidate(_to_library(candidate))
        await self.add_remote_candidate(None)
        async with asyncio.timeout(CHECK_TIMEOUT):
            await self.connect()
        self._settled = True

    async def resume(self, remote: StartIce) -> None:
        """Go on with the pairs that another process had selected: only the peer's consent is asked for, again and again."""
        self.remote_username, self.remote_password = remote.ufrag, remote.password
        await self.gather_candidates()
        for check in remote.pairs:
            protocol = next((one for one, base in self._bases.items() if _is_base(base.candidate, check.local)), None)
            if protocol is not None:
                pair = CandidatePair(protocol, _to_library(check.remote))
                pair.state, pair.nominated = CandidatePair.State.SUCCEEDED, True
                self._mapped[protocol, pair.remote_addr] = (check.local.address, check.local.port)
                self._check_list.append(pair)
                self._nominated[check.local.component] = pair
        self._early_checks.clear()
        self._early_checks_done = self._check_list_done = self._settled = True
        self._query_consent_task = asyncio.create_task(self.query_consent())

    async def end(self) -> None:
        """Stop all checks; the sockets stay open."""
        await self.close()

    @property
    def selected(self) -> tuple[IceCheck, ...]:
        """The selected pair of each component."""
        return tuple(self._check(self._nominated[component]) for component in sorted(self._nominated))

    @property
    def checks(self) -> tuple[IceCheck, ...]:
        """All pairs of the check list."""
        return tuple(self._check(pair) for pair in self._check_list)

    def check_complete(self, pair: CandidatePair) -> None:
        """For the library: with aggressive nomination several pairs are nominated; the best one counts (RFC 5245 §8.1.1.2)."""
        component = pair.component
        before = self._nominated.get(component)
        super().check_complete(pair)
        after = self._nominated.get(component)
        if before is not None and after is not None and after is not before:
            if self._pair_priority(after) < self._pair_priority(before):
                self._nominated[component] = before
            elif self._settled:
                self.better.set()

    def switch_role(self, ice_controlling: bool) -> None:
        """For the library, which settles a conflict of roles but forgets the pairs that worked before: who controls nominates them."""
        super().switch_role(ice_controlling)
        if ice_controlling:
            for pair in self._check_list:
                if pair.state is CandidatePair.State.SUCCEEDED and not pair.nominated:
                    self.check_start_task(pair)

    def _pair_priority(self, pair: CandidatePair) -> int:
        priority: int = candidate_pair_priority(pair.local_candidate, pair.remote_candidate, self.ice_controlling)
        return priority

    def _check(self, pair: CandidatePair) -> IceCheck:
        base = self._bases[pair.protocol].candidate
        state = pair.state.name.lower().replace("_", " ")
        return IceCheck(self._local(pair, base), _from_library(pair.remote_candidate), state, bool(pair.nominated))

    def _local(self, pair: CandidatePair, base: IceCandidate) -> IceCandidate:
        """The candidate of ours that the peer sees in ``pair`` (RFC 8445 §7.2.5.3.2)."""
        mapped = self._mapped.get((pair.protocol, pair.remote_addr), (base.address, base.port))
        if mapped == (base.address, base.port):
            return base
        for known in self.candidates:
            if known.component == base.component and (known.address, known.port) == mapped:
                return known
        foundation = candidate_foundation("prflx", "udp", base.address)
        priority = candidate_priority(base.component, "prflx")
        return IceCandidate(foundation, base.component, priority, *mapped, "prflx", base.address, base.port)


def worth_checking(candidates: Sequence[IceCandidate], bases: int) -> list[IceCandidate]:
    """The peer's best candidates, as many as make no more than MAX_PAIRS with ``bases`` local addresses."""
    return sorted(candidates, key=lambda known: -known.priority)[: MAX_PAIRS // max(1, bases)]


class _Protocol(StunProtocol):
    """Remembers as what the other end saw us."""

    def __init__(self, receiver: Agent, mapped: dict[tuple[StunProtocol, Address], Address]) -> None:
        super().__init__(receiver)
        self._mapped = mapped

    async def request(
        self, request: stun.Message, addr: Address, integrity_key: bytes | None = None, retransmissions: int | None = None
    ) -> tuple[stun.Message, Address]:
        response, source = await super().request(request, addr, integrity_key=integrity_key, retransmissions=retransmissions)
        mapped = response.attributes.get("XOR-MAPPED-ADDRESS")
        if mapped is not None:
            self._mapped[self, addr] = mapped
        return response, source


def _is_base(base: IceCandidate, local: IceCandidate) -> bool:
    return base.component == local.component and base.address == local.base_address


def _to_library(known: IceCandidate) -> Candidate:
    return Candidate(
        known.foundation, known.component, "udp", known.priority, known.address, known.port, known.type, known.related_address,
        known.related_port,
    )  # fmt: skip


def _from_library(known: Candidate) -> IceCandidate:
    return IceCandidate(
        known.foundation, known.component, known.priority, known.host, known.port, known.type, known.related_address, known.related_port
    )
