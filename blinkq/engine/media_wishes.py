"""What the media process should be doing, as told by the commands sent so far; replayed to a new process when the old one died.

Pure bookkeeping: no process, no pipe, no time.
"""

from __future__ import annotations

import dataclasses

from blinkq.media.control import (
    AddSlot,
    CloseMixer,
    CloseTransport,
    Command,
    Connect,
    Disconnect,
    Event,
    ListDevices,
    OpenMixer,
    OpenTransport,
    PlayerEnded,
    PlayerFailed,
    RecorderEnded,
    SetDevices,
    SetVolume,
    StartPlayer,
    StartRecorder,
    StartStream,
    StopPlayer,
    StopRecorder,
    StopStream,
    StreamStatistics,
    TransportOpened,
    UpdateStream,
)
from blinkq.media.ice_control import EndIce, IceSucceeded, RestartIce, StartIce

__all__ = ["MediaWishes"]


class MediaWishes:
    """The desired state, by the integers that the engine chose."""

    def __init__(self) -> None:
        self._mixers: dict[int, OpenMixer] = {}
        self._volumes: dict[int, SetVolume] = {}
        self._slots: dict[AddSlot, None] = {}
        self._connections: dict[Connect, None] = {}
        self._transports: dict[int, OpenTransport] = {}
        self._ice: dict[int, StartIce] = {}
        self._streams: dict[int, StartStream] = {}
        self._players: dict[int, StartPlayer] = {}
        self._recorders: dict[int, StartRecorder] = {}
        self._ending: dict[tuple[type[Event], int], Event] = {}
        self._rollovers: dict[int, int] = {}
        self._watching = False

    @property
    def rollovers(self) -> tuple[tuple[int, int], ...]:
        """(stream, count) of the streams whose received SRTP sequence has rolled over (RFC 3711 §3.3.1): a new process cannot know it."""
        return tuple((stream, count) for stream, count in self._rollovers.items() if count)

    def note_command(self, command: Command) -> None:
        """Take a command that is about to be sent into account."""
        match command:
            case OpenMixer() | SetDevices() | SetVolume() | CloseMixer():
                self._note_mixer_command(command)
            case AddSlot():
                self._slots[command] = None
            case Connect():
                self._connections[command] = None
            case Disconnect():
                self._connections.pop(Connect(command.mixer, command.source, command.sink), None)
            case StartPlayer() | StopPlayer() | StartRecorder() | StopRecorder():
                self._note_sound_command(command)
            case StartIce() | RestartIce() | EndIce():
                self._note_ice_command(command)
            case ListDevices():
                self._watching = True
            case _:
                self._note_stream_command(command)

    def note_event(self, event: Event) -> None:
        """Take an event or reply of the media process into account."""
        match event:
            case TransportOpened() if event.stream in self._transports:
                # The peer has been told this port: a new process must use the same.
                self._transports[event.stream] = dataclasses.replace(self._transports[event.stream], port=event.rtp_port)
            case IceSucceeded() if event.stream in self._ice and self._ice[event.stream].attempt == event.attempt:
                # The peer has finished its checks and would not begin anew: a new process only keeps its consent.
                self._ice[event.stream] = dataclasses.replace(self._ice[event.stream], pairs=event.pairs)
            case PlayerEnded() | PlayerFailed():
                self._players.pop(event.player, None)
                self._ending.pop((PlayerEnded, event.player), None)
            case RecorderEnded():
                self._recorders.pop(event.recorder, None)
                self._ending.pop((RecorderEnded, event.recorder), None)
            case StreamStatistics() if event.stream in self._streams:
                self._rollovers[event.stream] = event.srtp_rollover

    def note_failure(self, command: Command) -> None:
        """A command was refused: it is no wish any more."""
        match command:
            case OpenTransport():
                self._transports.pop(command.stream, None)
            case StartPlayer():
                self._players.pop(command.player, None)
            case StartRecorder():
                self._recorders.pop(command.recorder, None)

    def take_missing_ends(self) -> list[Event]:
        """The final events that a process which died still owed; each is given once."""
        events = list(self._ending.values())
        self._ending.clear()
        return events

    def replay(self) -> list[Command]:
        """The commands that bring a fresh process to the desired state, in an order that it can follow.

        Streams get a new synchronisation source: under the old one and the old key a fresh SRTP session would begin again at packet
        index 0 and use the same key stream twice (RFC 3711 §9.1), and the peer's replay window would refuse it; plain receivers take
        a new source for what it is, a new beginning. Recorders and files that are loudspeakers go on with what they wrote; players and
        files that are microphones begin again.
        """
        commands: list[Command] = [ListDevices()] if self._watching else []
        commands += (_continued(mixer) for mixer in self._mixers.values())
        commands += self._volumes.values()
        commands += self._slots
        commands += self._connections
        commands += self._transports.values()
        commands += self._ice.values()
        commands += (dataclasses.replace(stream, ssrc=0) for stream in self._streams.values())
        commands += self._players.values()
        commands += (dataclasses.replace(recorder, append=True) for recorder in self._recorders.values())
        return commands

    def _note_mixer_command(self, command: OpenMixer | SetDevices | SetVolume | CloseMixer) -> None:
        match command:
            case OpenMixer():
                self._mixers[command.mixer] = command
            case SetDevices() if command.mixer in self._mixers:
                self._mixers[command.mixer] = dataclasses.replace(
                    self._mixers[command.mixer], input_device=command.input_device, output_device=command.output_device
                )
            case SetVolume():
                self._volumes[command.mixer] = command
            case CloseMixer():
                self._forget_mixer(command.mixer)

    def _note_sound_command(self, command: StartPlayer | StopPlayer | StartRecorder | StopRecorder) -> None:
        match command:
            case StartPlayer():
                self._players[command.player] = command
            case StopPlayer() if self._players.pop(command.player, None) is not None:
                self._ending[PlayerEnded, command.player] = PlayerEnded(command.player, stopped=True)
            case StartRecorder():
                self._recorders[command.recorder] = command
            case StopRecorder():
                recorder = self._recorders.pop(command.recorder, None)
                if recorder is not None:
                    self._ending[RecorderEnded, command.recorder] = RecorderEnded(command.recorder, recorder.filename)

    def _note_ice_command(self, command: StartIce | RestartIce | EndIce) -> None:
        transport = self._transports.get(command.stream)
        match command:
            case StartIce():
                self._ice[command.stream] = command
            case RestartIce() if transport is not None and transport.ice is not None:
                renewed = dataclasses.replace(
                    transport.ice, ufrag=command.ufrag, password=command.password, controlling=command.controlling
                )
                self._transports[command.stream] = dataclasses.replace(transport, ice=renewed)
                self._ice.pop(command.stream, None)
            case EndIce():
                self._ice.pop(command.stream, None)
                if transport is not None:
                    self._transports[command.stream] = dataclasses.replace(transport, ice=None)

    def _note_stream_command(self, command: Command) -> None:
        match command:
            case OpenTransport():
                self._transports[command.stream] = command
            case UpdateStream():
                self._start_stream(StartStream(**{f.name: getattr(command, f.name) for f in dataclasses.fields(command)}))
            case StartStream():
                self._start_stream(command)
            case StopStream():
                self._forget_stream(command.stream)
            case CloseTransport():
                stream = self._forget_stream(command.stream)
                self._transports.pop(command.stream, None)
                self._ice.pop(command.stream, None)
                if stream is not None:
                    self._forget_connections(stream.mixer, stream.slot)

    def _start_stream(self, command: StartStream) -> None:
        old = self._streams.get(command.stream)
        if old is None or old.remote_key != command.remote_key:
            self._rollovers.pop(command.stream, None)
        self._streams[command.stream] = command

    def _forget_stream(self, stream: int) -> StartStream | None:
        self._rollovers.pop(stream, None)
        return self._streams.pop(stream, None)

    def _forget_connections(self, mixer: int, slot: int) -> None:
        self._connections = {
            connection: None
            for connection in self._connections
            if connection.mixer != mixer or slot not in (connection.source, connection.sink)
        }

    def _forget_mixer(self, mixer: int) -> None:
        self._mixers.pop(mixer, None)
        self._volumes.pop(mixer, None)
        self._slots = {slot: None for slot in self._slots if slot.mixer != mixer}
        self._connections = {connection: None for connection in self._connections if connection.mixer != mixer}
        self._players = {number: player for number, player in self._players.items() if player.mixer != mixer}
        self._recorders = {number: recorder for number, recorder in self._recorders.items() if recorder.mixer != mixer}


def _continued(mixer: OpenMixer) -> OpenMixer:
    """The mixer with a loudspeaker file that is appended to, not begun again."""
    output = mixer.output_device
    if output is None or not output.startswith("file:"):
        return mixer
    return dataclasses.replace(mixer, output_device="file+append:" + output.removeprefix("file:"))
