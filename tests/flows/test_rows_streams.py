"""Streams that come and go, hold, glare and messages in a standing call: the rows of the inventory's §2.7 to §2.11, told in rows.toml."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.proposals import ProposalScene, proposal_scene
from support.story import Story, row, tell
from support.text_stream import text_line

from blinkq.base.catalogue import post
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog_events import ReferReceived
from blinkq.sip.events import ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


class Told:
    """A call that stands, and what is told from now on."""

    def __init__(self, p: ProposalScene) -> None:
        self.p = p
        self.session, self.bob, self.scene = p.session, p.bob, p.scene
        self._ours = sum(1 for notification in p.scene.recorder.seen if notification.sender is p.session)
        self._theirs = len(p.bob.events)

    async def story(self, seconds: float = 2.0) -> Story:
        """What was told when that much time has passed."""
        await self.scene.settle(seconds)
        story = tell(self.scene, self.session, self.bob, told=self._theirs)
        return Story(story.ours[self._ours :], story.theirs)


@asynccontextmanager
async def told(*, text: bool = False) -> AsyncIterator[Told]:
    async with proposal_scene() as p:
        await p.settle()
        if text:
            await p.with_text()
        yield Told(p)


# -- adding


@row("add.accepted")
async def test_added() -> Story:
    async with told() as t:
        t.p.answers(text_line())
        t.session.add_stream(t.p.text())
        return await t.story()


@row("add.partly_accepted")
async def test_added_partly() -> Story:
    async with told() as t:
        t.p.answers(text_line(), text_line(port=0))
        t.session.add_streams([t.p.text(), t.p.text()])
        return await t.story()


@row("add.refused")
async def test_refused() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.reject_reinvite, 488))
        t.session.add_stream(t.p.text())
        return await t.story()


@row("add.glare")
async def test_refused_with_491() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.reject_reinvite, 491))
        t.session.add_stream(t.p.text())
        return await t.story(10)


@row("add.nobody_answers")
async def test_nobody_answers() -> Story:
    async with told() as t:
        SIPSimpleSettings().sip.invite_timeout = 10
        t.p.on_reinvite(lambda invitation: None)
        t.session.add_stream(t.p.text())
        return await t.story(15)


@row("add.does_not_initialize")
async def test_the_stream_does_not_initialize() -> Story:
    async with told() as t:
        t.session.add_stream(t.p.text("initialize"))
        return await t.story()


@row("add.does_not_start")
async def test_the_stream_does_not_start() -> Story:
    async with told() as t:
        t.p.answers(text_line())
        t.session.add_stream(t.p.text("start"))
        return await t.story()


@row("add.bad_answer")
async def test_the_answer_is_unusable() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.accept_reinvite, b"v=0\r\nnonsense\r\n"))
        t.session.add_stream(t.p.text())
        return await t.story(5)


@row("add.line_missing")
async def test_the_answer_lacks_the_line() -> Story:
    async with told() as t:
        t.p.answers()
        t.session.add_stream(t.p.text())
        return await t.story(5)


@row("add.peer_hangs_up")
async def test_the_peer_hangs_up_instead() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.end))
        t.session.add_stream(t.p.text())
        return await t.story(3)


@row("add.peer_is_quicker")
async def test_the_peers_re_invite_is_quicker() -> Story:
    async with told() as t:
        stream = t.p.text()
        stream.initialize = lambda session, direction: None
        t.session.add_stream(stream)
        await t.scene.settle(0.1)
        t.p.offers(audio="sendonly")
        return await t.story()


# -- removing, cancelling


@row("remove.accepted")
async def test_removed() -> Story:
    async with told(text=True) as t:
        t.p.answers(text_line(port=0))
        t.session.remove_stream(t.session.streams[1])
        return await t.story()


@row("remove.refused")
async def test_removed_although_the_peer_refuses() -> Story:
    async with told(text=True) as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.reject_reinvite, 488))
        t.session.remove_stream(t.session.streams[1])
        return await t.story()


@row("remove.nobody_answers")
async def test_removed_and_nobody_answers() -> Story:
    async with told(text=True) as t:
        t.p.on_reinvite(lambda invitation: None)
        t.session.remove_stream(t.session.streams[1])
        return await t.story(10)


@row("cancel.taken_back")
async def test_taken_back() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: None)
        t.session.add_stream(t.p.text())
        await t.bob.until(ReinviteReceived)
        await t.scene.settle(0.5)
        t.session.cancel_proposal()
        return await t.story()


@row("cancel.crossing_the_answer")
async def test_taken_back_too_late() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: None)
        t.session.add_stream(t.p.text())
        await t.bob.until(ReinviteReceived)
        await t.scene.settle(0.5)
        t.bob.do(t.p.peer_invitation.accept_reinvite, t.p.sdp(text_line()))
        t.session.cancel_proposal()
        return await t.story(3)


@row("end.other_stream_fails")
async def test_one_of_several_streams_fails() -> Story:
    async with told(text=True) as t:
        t.p.answers(text_line(port=0))
        post("MediaStreamDidFail", t.session.streams[1], reason="the line broke")
        return await t.story()


# -- what the peer changes


@row("remote.fewer_lines")
async def test_lines_are_deleted() -> Story:
    async with told(text=True) as t:
        t.p.offers()
        return await t.story()


@row("remote.not_valid")
async def test_a_stream_refuses_the_update() -> Story:
    async with told(text=True) as t:
        t.session.streams[1].validate_update = lambda remote, index: False
        t.p.offers(text_line())
        return await t.story()


@row("remote.added_and_removed")
async def test_a_stream_is_added_and_one_removed() -> Story:
    async with told(text=True) as t:
        t.p.offers(text_line(port=0), text_line())
        return await t.story()


@row("remote.nothing_usable")
async def test_nothing_of_what_is_added_is_usable() -> Story:
    async with told() as t:
        t.bob.do(t.p.peer_invitation.reinvite, t.bob.sdp(version=2) + b"m=video 4002 RTP/AVP 31\r\n")
        return await t.story()


@row("remote.accepted")
async def test_a_proposal_is_accepted() -> Story:
    async with told() as t:
        t.p.offers(text_line())
        data = await t.p.until("GotProposal")
        t.session.send_ring_indication()
        t.session.accept_proposal(data.streams)
        return await t.story()


@row("remote.fails_before_the_answer")
async def test_an_accepted_proposal_fails_before_the_answer() -> Story:
    async with told() as t:
        t.p.offers(text_line())
        data = await t.p.until("GotProposal")
        data.streams[0].trouble = "initialize"
        t.session.accept_proposal(data.streams)
        return await t.story()


@row("remote.fails_after_the_answer")
async def test_an_accepted_proposal_fails_after_the_answer() -> Story:
    async with told() as t:
        t.p.offers(text_line())
        data = await t.p.until("GotProposal")
        data.streams[0].trouble = "start"
        t.p.answers(text_line(port=0))
        t.session.accept_proposal(data.streams)
        return await t.story()


@row("remote.rejected")
async def test_a_proposal_is_rejected() -> Story:
    async with told() as t:
        t.p.offers(text_line())
        await t.p.until("GotProposal")
        t.session.reject_proposal(486, "Not now")
        return await t.story()


@row("remote.cancelled")
async def test_a_proposal_is_cancelled() -> Story:
    async with told() as t:
        t.p.offers(text_line())
        await t.p.until("GotProposal")
        t.bob.do(t.p.peer_invitation.cancel_reinvite)
        return await t.story()


@row("remote.hold")
async def test_the_peer_holds() -> Story:
    async with told() as t:
        t.p.offers(audio="sendonly")
        return await t.story()


@row("remote.hold_of_one")
async def test_the_peer_holds_one_of_two() -> Story:
    async with told(text=True) as t:
        t.p.offers(text_line(), audio="sendonly")
        return await t.story()


@row("remote.moved")
async def test_the_peer_moves() -> Story:
    async with told() as t:
        t.p.offers(port=4444)
        return await t.story()


@row("remote.removed")
async def test_the_peer_removes_a_stream() -> Story:
    async with told(text=True) as t:
        t.p.offers(text_line(port=0))
        return await t.story()


@row("remote.removed_last")
async def test_the_peer_removes_the_last_stream() -> Story:
    async with told() as t:
        t.p.offers(port=0)
        return await t.story()


@row("remote.no_offer")
async def test_the_peer_asks_for_an_offer() -> Story:
    async with told() as t:

        def answer(event: Any) -> None:
            if isinstance(event, ReinviteAnswered) and event.code == 200:
                t.bob.do(event.invitation.acknowledge, t.p.sdp())

        t.bob.on_event = answer
        t.bob.do(t.p.peer_invitation.reinvite, None)
        return await t.story()


# -- hold, glare


@row("hold.on_and_off")
async def test_hold_and_unhold() -> Story:
    async with told() as t:
        t.p.answers(audio="recvonly")
        t.session.hold()
        t.session.hold()
        await t.p.until("DidChangeHoldState")
        t.p.answers()
        t.session.unhold()
        return await t.story()


@row("hold.refused")
async def test_hold_is_refused() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: t.bob.do(invitation.reject_reinvite, 500))
        t.session.hold()
        return await t.story()


@row("hold.nobody_answers")
async def test_hold_and_nobody_answers() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: None)
        t.session.hold()
        return await t.story(10)


@row("glare.ours_first")
async def test_the_peers_re_invite_meets_ours() -> Story:
    async with told() as t:
        t.p.on_reinvite(lambda invitation: None)
        t.session.add_stream(t.p.text())
        await t.bob.until(ReinviteReceived)
        # the peer does not wait for its own answer, as RFC 3261 would have it
        call = t.p.peer_invitation._call
        request = call.dialog.make_request("INVITE", call.dialog.next_cseq(), headers=call.dialog_headers())
        call.exchange(call.dialog, request, t.p.peer_invitation._change).start(t.scene.now)
        t.bob.do(lambda now: None)
        await t.scene.settle(0.5)
        t.bob.do(t.p.peer_invitation.accept_reinvite, t.p.sdp(text_line()))
        return await t.story()


# -- messages, transfers


@row("message.received")
async def test_a_message_comes() -> Story:
    async with told() as t:
        t.bob.do(t.p.peer_invitation.send_request, "MESSAGE", (), b"hello", "text/plain")
        return await t.story()


@row("transfer.outgoing")
async def test_a_transfer_goes() -> Story:
    async with told() as t:
        t.session.transfer("sip:carol@192.0.2.3")
        referral = (await t.bob.until(ReferReceived)).referral
        t.bob.do(referral.accept)
        t.bob.do(referral.notify, 180)
        await t.scene.settle(0.1)
        t.bob.do(referral.notify, 200)
        return await t.story()


@row("transfer.outgoing_refused")
async def test_a_transfer_is_refused() -> Story:
    async with told() as t:
        t.session.transfer("sip:carol@192.0.2.3")
        referral = (await t.bob.until(ReferReceived)).referral
        t.bob.do(referral.reject, 603)
        return await t.story()


@row("transfer.incoming")
async def test_a_transfer_comes() -> Story:
    async with told() as t:
        await t.scene.peer("192.0.2.3", answering=True)
        t.bob.do(t.p.peer_invitation.refer, NameAddr.parse("<sip:carol@192.0.2.3>"))
        await t.p.until("TransferNewIncoming")
        t.session.accept_transfer()
        await t.p.until("DidEnd")
        new = t.session.transfer_handler.new_session
        assert new is not None
        story = await t.story()
        new.end()
        return story


@row("transfer.incoming_refused")
async def test_a_transfer_comes_and_is_refused() -> Story:
    async with told() as t:
        t.bob.do(t.p.peer_invitation.refer, NameAddr.parse("<sip:carol@192.0.2.3>"))
        await t.p.until("TransferNewIncoming")
        t.session.reject_transfer()
        return await t.story()


@pytest.mark.expect_warnings
@row("transfer.incoming_undecided")
async def test_a_transfer_comes_and_nobody_decides() -> Story:
    async with told() as t:
        t.bob.do(t.p.peer_invitation.refer, NameAddr.parse("<sip:carol@192.0.2.3>"))
        return await t.story(160)
