"""``blinkq conference URI…``: call several people and let everybody hear everybody."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_uri, complete_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.cli.typed import read_lines
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.audio import WavePlayer, WaveRecorder
from blinkq.sipsimple.conference import ConferenceFocus, ParticipantRequest
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.explain import explain_call, explain_registration
from blinkq.sipsimple.session import IllegalStateError, Session
from blinkq.sipsimple.streams import AudioStream

__all__ = ["run"]

HELP = "invite URI, kick URI, list, hold, unhold, end"


def run(options: Namespace, output: Output) -> int:
    """Hold the conference; returns 0 when somebody took part."""
    check_files(options)
    if options.dtmf:
        raise WrongUsage("a conference sends no digits.")
    if not options.uris and not options.answer:
        raise WrongUsage("give the addresses to call, or --answer to wait for callers.")
    for uri in options.uris:
        check_uri(_with(options, uri))
    return ConferenceTool(options, output).run()


class ConferenceTool(Tool):
    """Calls everybody, mixes, reports who comes and goes, and does what is typed."""

    registers = True  # those who take part reach the conference under the account's address

    def __init__(self, options: Namespace, output: Output) -> None:
        super().__init__(options, output)
        self.focus: ConferenceFocus | None = None
        self.calling: set[Session] = set()
        self.somebody_came = False
        self.leaving = False
        self._player: WavePlayer | None = None
        self._recorder: WaveRecorder | None = None

    def begin(self) -> None:
        self.account = selected_account(self.options)
        self.focus = ConferenceFocus(self.account, self.options.title)
        self._open_files(self.focus)
        for uri in self.options.uris:
            self._invite(complete_uri(_with(self.options, uri), self.account))
        if self.options.answer:
            self.output.say(f"Waiting for callers at {self._address()}")
        read_lines(lambda line: self.in_main_thread(lambda: self._typed(line)))
        if self.options.duration is not None:
            self.after(self.options.duration, self.interrupt)
        if self.options.hold is not None:
            start, length = self.options.hold
            self.after(start, self.focus.hold)
            self.after(start + length, self.focus.unhold)

    def interrupt(self) -> None:
        if self.focus is None:
            self.finish(1)
            return
        self.leaving = True
        if self._player is not None:
            self._player.stop()
        if self._recorder is not None:
            self._recorder.stop()
        self.focus.end()

    def _address(self) -> str:
        if isinstance(self.account, Account) and not self.account.registration.enabled:
            return str(self.account.contact["udp"])
        return f"sip:{self.account.id}"

    # sound ---------------------------------------------------------------------------------------------------------------------------

    def _open_files(self, focus: ConferenceFocus) -> None:
        mixer = focus.audio.bridge.mixer
        if self.options.play is not None:
            delay = self.options.play_after
            self._player = WavePlayer(mixer, str(self.options.play), pause_time=delay, initial_play=not delay)
            focus.audio.bridge.add(self._player)
        if self.options.record is not None:
            self._recorder = WaveRecorder(mixer, str(self.options.record))
            self._recorder.start()

    def _record(self, session: Session) -> None:
        """What a person would have heard: the others, not what we play."""
        recorder = self._recorder
        for stream in session.streams:
            if recorder is not None and isinstance(stream, AudioStream) and None not in (stream.producer_slot, recorder.consumer_slot):
                stream.mixer.connect_slots(stream.producer_slot, recorder.consumer_slot)  # type: ignore[arg-type]  # None is excluded

    # who takes part --------------------------------------------------------------------------------------------------------------------

    def _invite(self, uri: SIPURI) -> None:
        assert self.focus is not None
        self.output.say(f"Calling {uri}")
        self.calling.add(self.focus.invite(uri))

    def _NH_SIPSessionGotRingIndication(self, notification: Notification) -> None:
        self.output.say(f"{_name(notification.sender)} is ringing")

    def _NH_ConferenceFocusDidAddSession(self, notification: Notification) -> None:
        session: Session = notification.data.session
        self.calling.discard(session)
        if self._player is not None and not self.somebody_came:
            self._player.start()  # not before there is somebody to hear it
        self.somebody_came = True
        self._record(session)
        self.output.say(f"{_name(session)} joined the conference")

    def _NH_ConferenceFocusDidRemoveSession(self, notification: Notification) -> None:
        self.output.say(f"{_name(notification.data.session)} left the conference")
        self._end_if_alone()

    def _NH_ConferenceFocusDidNotInvite(self, notification: Notification) -> None:
        data = notification.data
        self.calling.discard(data.session)
        self.output.say(explain_call(data.code, data.reason, None, str(data.uri), self.account.id).text())
        self._end_if_alone()

    def _NH_ConferenceFocusDidEnd(self, notification: Notification) -> None:
        self.finish(0 if self.somebody_came else 1)

    def _end_if_alone(self) -> None:
        if self.focus is not None and not self.focus.sessions and not self.calling and not self.options.answer and not self.leaving:
            self.interrupt()

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        data = notification.data
        self.output.say(explain_registration(vars(data).get("code"), data.error, notification.sender.id).text())

    # callers ---------------------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        session: Session = notification.sender
        audio = [stream for stream in session.proposed_streams or [] if stream.type == "audio"]
        try:
            if self.focus is None or not self.options.answer or self.leaving:
                session.reject(486)
            elif audio:
                session.accept(audio[:1], is_focus=True)
            else:
                session.reject(488)
        except IllegalStateError:  # the caller gave up at this very moment
            pass

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        session: Session = notification.sender
        if self.focus is not None and session.direction == "incoming":
            try:
                self.focus.add(session)
            except IllegalStateError:  # gone again
                pass

    # what participants ask for, and what is typed ----------------------------------------------------------------------------------------

    def _NH_ConferenceFocusGotRequest(self, notification: Notification) -> None:
        request: ParticipantRequest = notification.data.request
        what = {"invite": "invite", "remove": "send away"}[request.action]
        allowed = self.options.allow_requests
        self.output.say(f"{_name(request.session)} asks to {what} {request.participant}{'' if allowed else ', which is not allowed'}")
        try:
            if allowed:
                request.accept()
            else:
                request.reject(403)
        except IllegalStateError:  # too late
            pass

    def _typed(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if self.focus is None or self.leaving or not word:
            return
        if word == "invite" and rest:
            self._invite_typed(rest.strip())
        elif word == "kick" and rest:
            self._kick(rest.strip())
        elif word == "list":
            self._list()
        elif word == "hold":
            self.focus.hold()
        elif word == "unhold":
            self.focus.unhold()
        elif word in ("end", "quit"):
            self.interrupt()
        else:
            self.output.say(f"The commands are: {HELP}.")

    def _invite_typed(self, text: str) -> None:
        try:
            self._invite(complete_uri(_with(self.options, text), self.account))
        except WrongUsage as error:
            self.output.say(str(error))

    def _kick(self, text: str) -> None:
        assert self.focus is not None
        try:
            uri = complete_uri(_with(self.options, text), self.account)
        except WrongUsage as error:
            self.output.say(str(error))
            return
        if self.focus.dismiss(uri)[0] != 200:
            self.output.say(f"{text} does not take part.")

    def _list(self) -> None:
        assert self.focus is not None
        for session in self.focus.sessions:
            self.output.say(_name(session) + (" (on hold)" if session.on_hold else ""))
        if not self.focus.sessions:
            self.output.say("Nobody takes part.")


def _with(options: Namespace, uri: str) -> Any:
    """The options of a command with one URI."""
    return Namespace(**{**vars(options), "uri": uri})


def _name(session: Session) -> str:
    identity = session.remote_identity
    if identity is None:
        return "Somebody"
    return f"{identity.display_name} ({identity.uri})" if identity.display_name else str(identity.uri)
