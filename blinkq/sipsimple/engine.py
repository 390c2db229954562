"""Engine: the SIP core as applications know it. One for all: that of SIPApplication while it runs, or one that ``start`` starts alone.

Alone it speaks SIP for Subscription, Publication, Message and their like; each call of a peer is an Invitation.
There are no accounts that register, no sessions and no sound.
"""

from __future__ import annotations

import dataclasses
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import blinkq.sipsimple.notifications  # noqa: F401 - declares what is posted here
from blinkq.base.catalogue import post
from blinkq.engine.engine import Engine as CoreEngine
from blinkq.engine.engine import EngineConfig
from blinkq.engine.errors import NetworkError
from blinkq.engine.sip_endpoint import SIPEndpointConfig
from blinkq.engine.tls import TLSConfig
from blinkq.engine.trace import SIPMessageTraced
from blinkq.media.codecs.registry import supported_names
from blinkq.sip.usages.incoming_request import IncomingRequest as IncomingRequestUsage
from blinkq.sipsimple.audio_devices import AudioDevices, list_audio_devices
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.event_types import add_event_types, all_event_types, event_types
from blinkq.sipsimple.reception import Reception
from blinkq.sipsimple.runtime import EngineFace, Runtime
from blinkq.sipsimple.session.events import InvitationEvents
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import FrozenSIPURI, SIPCoreError
from blinkq.sipsimple.usages.incoming_referral import IncomingReferral
from blinkq.sipsimple.usages.incoming_request import IncomingRequest
from blinkq.sipsimple.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.usages.invitation import Invitation
from blinkq.sipsimple.usages.message_data import addresses, content_type_of
from blinkq.sipsimple.values.message_headers import message_headers

__all__ = ["Engine", "announce_message"]

#: Seconds for the media process to tell which devices there are.
DEVICE_TIMEOUT = 5.0

#: makes the engine from its configuration; tests put another one here
engine_factory: Callable[[EngineConfig], CoreEngine] = CoreEngine


class Engine(metaclass=Singleton):
    """The engine; a singleton.

    Posts SIPEngineWillStart, SIPEngineDidStart, SIPEngineDidFail, SIPEngineWillEnd, SIPEngineDidEnd, SIPEngineSIPTrace and
    SIPEngineGotMessage.
    """

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._own: CoreEngine | None = None
        self._trace_sip = False

    # -- life

    @property
    def is_running(self) -> bool:
        """Whether an engine runs: that of SIPApplication, or our own."""
        return Runtime.engine is not None

    def start(self, **options: Any) -> None:
        """Start an engine without SIPApplication; returns when it runs. Not on the engine thread.

        ip_address, udp_port (0: any), tcp_port, tls_port (None: off), tls_ca_file, tls_cert_file, tls_privkey_file, tls_verify_server,
        user_agent, trace_sip, events (event: content types), incoming_events, incoming_requests. Other options, which scripts give for
        sound, pictures and logs, are ignored. Raises SIPCoreError when an engine runs or cannot be started.
        """
        with self._guard:
            if self._own is not None or self.is_running or CoreEngine.current is not None:
                raise SIPCoreError("the engine is running")
            self._own = engine = engine_factory(_config(options))
        post("SIPEngineWillStart", self)
        engine.on_sip_event = SIPEvents().dispatch
        try:
            engine.open()
        except NetworkError as error:
            self._own = None
            post("SIPEngineDidFail", self, error=error)
            raise SIPCoreError(f"the engine cannot be started: {error}") from error
        Runtime.engine = engine
        for event, types in dict(options.get("events") or {}).items():
            if event not in all_event_types():
                add_event_types(event, types)
        for event in options.get("incoming_events") or ():
            self.add_incoming_event(event)
        for method in options.get("incoming_requests") or ():
            self.add_incoming_request(method)
        Reception().take_requests("MESSAGE", self._got_message)
        SIPEvents().invitation_handler = InvitationEvents().dispatch
        InvitationEvents().on_received = Invitation.received
        engine.loop.call(Reception().start, _admit_all)
        self.trace_sip = bool(options.get("trace_sip"))
        post("SIPEngineDidStart", self, ports=dict(engine.sip.ports))

    def stop(self) -> None:
        """End the engine that ``start`` started; returns at once, SIPEngineDidEnd follows. Does nothing when there is none."""
        with self._guard:
            engine, self._own = self._own, None
        if engine is not None:
            post("SIPEngineWillEnd", self)
            threading.Thread(target=self._finish, args=(engine,), name="engine end").start()

    def _finish(self, engine: CoreEngine) -> None:
        engine.close()
        Runtime.reset()
        Reception().take_requests("MESSAGE", None)
        SIPEvents().invitation_handler = InvitationEvents().on_received = None
        post("SIPEngineDidEnd", self)

    # -- what peers may ask

    @property
    def events(self) -> dict[str, list[str]]:
        """The events that can be subscribed to, with the content types of their NOTIFYs."""
        return all_event_types()

    def add_event(self, event: str, accept_types: Iterable[str]) -> None:
        """Know another event. Raises ValueError when it is known, or is no event."""
        add_event_types(event, accept_types)

    @property
    def incoming_events(self) -> frozenset[str]:
        """The events that peers may subscribe to."""
        return Reception().events

    def add_incoming_event(self, event: str) -> None:
        """Let peers subscribe to ``event``, which must be known (SIPCoreError): each is an IncomingSubscription.

        "refer" lets them send REFERs outside calls: each is an IncomingReferral. Raises ValueError when somebody takes the event already.
        """
        event_types(event)
        if event in Reception().events:
            raise ValueError(f"subscriptions to {event!r} are taken")
        Reception().take_subscriptions(event, IncomingReferral.received if event == "refer" else IncomingSubscription.received)

    def remove_incoming_event(self, event: str) -> None:
        """Refuse subscriptions to ``event`` again. Raises KeyError when nobody takes them."""
        if event not in Reception().events:
            raise KeyError(event)
        Reception().take_subscriptions(event, None)

    @property
    def incoming_requests(self) -> frozenset[str]:
        """The methods of requests outside calls that somebody takes."""
        return Reception().methods

    def add_incoming_request(self, method: str) -> None:
        """Take requests of this method outside calls: each is an IncomingRequest. A MESSAGE is then no SIPEngineGotMessage any more.

        Raises ValueError for methods that have objects of their own.
        """
        if method in ("ACK", "BYE", "CANCEL", "INVITE", "NOTIFY", "REFER", "SUBSCRIBE"):
            raise ValueError(f"{method} has an object of its own")
        Reception().take_requests(method, IncomingRequest.received)

    def remove_incoming_request(self, method: str) -> None:
        """Refuse them again. Raises KeyError when nobody takes them."""
        if method not in Reception().methods:
            raise KeyError(method)
        Reception().take_requests(method, None)

    # -- settings in force

    @property
    def ip_address(self) -> str | None:
        """The address that we are bound to, None for all."""
        return None if Runtime.engine is None else Runtime.engine.sip.config.local_address

    @property
    def user_agent(self) -> str | None:
        """What we call ourselves, None when no engine runs."""
        return None if Runtime.engine is None else Runtime.engine.sip.config.user_agent

    @property
    def udp_port(self) -> int | None:
        """Where we listen; None when that is off."""
        return self._port("udp")

    @property
    def tcp_port(self) -> int | None:
        """Where we listen; None when that is off."""
        return self._port("tcp")

    @property
    def tls_port(self) -> int | None:
        """Where we listen; None when that is off, or for outgoing connections only."""
        return self._port("tls")

    @property
    def trace_sip(self) -> bool:
        """Whether every message on the wire is told with SIPEngineSIPTrace. Without effect when no engine of ours runs."""
        return self._trace_sip

    @trace_sip.setter
    def trace_sip(self, trace: bool) -> None:
        self._trace_sip = bool(trace)
        if self._own is not None:
            self._own.trace_sip(self._post_trace if trace else None)

    @property
    def available_codecs(self) -> list[str]:
        """The audio codecs that work here, as SDP names them."""
        return list(supported_names())

    @property
    def codecs(self) -> list[str]:
        """The audio codecs that are offered, preferred ones first; those that work where no SIPApplication has settings."""
        manager = ConfigurationManager()
        return list(SIPSimpleSettings().rtp.audio_codec_list) if manager.started else self.available_codecs

    @property
    def input_devices(self) -> list[str]:
        """The names of the microphones. Not on the engine thread; empty where no engine runs, or one without sound."""
        return list(self._devices().inputs)

    @property
    def output_devices(self) -> list[str]:
        """The names of the loudspeakers; as ``input_devices``."""
        return list(self._devices().outputs)

    @property
    def sound_devices(self) -> list[str]:
        """The names of all sound devices; as ``input_devices``."""
        devices = self._devices()
        return list(dict.fromkeys((*devices.inputs, *devices.outputs)))

    @property
    def default_input_device(self) -> str | None:
        """The system's microphone; as ``input_devices``."""
        return self._devices().default_input

    @property
    def default_output_device(self) -> str | None:
        """The system's loudspeaker; as ``input_devices``."""
        return self._devices().default_output

    def set_udp_port(self, value: int | None) -> None:
        """Listen on another UDP port (0: any, None: off); what lives on the old one is lost. Not on the engine thread.

        Raises SIPCoreError where the port cannot be had (the old one is kept), or where SIPApplication has the ports in its settings.
        """
        self._reconfigure(udp_port=value)

    def set_tcp_port(self, value: int | None) -> None:
        """Listen on another TCP port, as ``set_udp_port``."""
        self._reconfigure(tcp_port=value)

    def set_tls_options(
        self, port: int | None = None, verify_server: bool = True, ca_file: str | None = None, cert_file: str | None = None,
        privkey_file: str | None = None, timeout: int = 3000,
    ) -> None:  # fmt: skip
        """Speak TLS on another port (None: off) or with other certificates, as ``set_udp_port``. ``timeout`` has no effect."""
        self._reconfigure(tls_port=port, tls=TLSConfig(ca_file, cert_file, privkey_file, verify_server))

    def set_nameservers(self, nameservers: Iterable[str]) -> None:
        """Ask other name servers from now on. Raises SIPCoreError when no engine runs."""
        engine: EngineFace | None = Runtime.engine
        if engine is None:
            raise SIPCoreError("the engine is not running")
        servers = [server if ":" in server else f"{server}:53" for server in nameservers]
        engine.loop.call(engine.resolver.configure, servers)

    def _devices(self) -> AudioDevices:
        engine = Runtime.engine
        if engine is None or engine.loop.is_current() or self._own is not None:
            return AudioDevices()
        found: queue.SimpleQueue[AudioDevices] = queue.SimpleQueue()
        list_audio_devices(found.put)
        try:
            return found.get(timeout=DEVICE_TIMEOUT)
        except queue.Empty:
            return AudioDevices()

    def _reconfigure(self, **changes: Any) -> None:
        engine = self._own
        if engine is None:
            raise SIPCoreError("only an engine that start() has started can be changed here: SIPApplication has settings for it")
        config = dataclasses.replace(engine.config.sip, **changes)
        try:
            engine.loop.run(engine.reconfigure_sip(config)).result()
        except NetworkError as error:
            raise SIPCoreError(str(error)) from error

    def _port(self, transport: str) -> int | None:
        return None if Runtime.engine is None else Runtime.engine.sip.ports.get(transport)

    def _post_trace(self, message: SIPMessageTraced) -> None:
        post("SIPEngineSIPTrace", self, **{field.name: getattr(message, field.name) for field in dataclasses.fields(message)})

    def _got_message(self, account: object, incoming: IncomingRequestUsage) -> None:
        Runtime.current().sip.call(incoming.answer, announce_message(incoming))


def announce_message(incoming: IncomingRequestUsage) -> int:
    """Post SIPEngineGotMessage for a MESSAGE; the code to answer it with: 200, or 400 when it says nothing. Engine thread only."""
    request = incoming.request
    content_type = content_type_of(request)
    if not request.body or content_type is None:
        return 400
    post(
        "SIPEngineGotMessage", Engine(), request_uri=FrozenSIPURI.from_uri(request.uri), **addresses(request),
        headers=message_headers(request.headers), body=request.body, content_type=content_type,
    )  # fmt: skip
    return 200


def _admit_all(request: object, flow: object) -> None:
    """Without accounts it is the application that says what it takes from whom."""


def _config(options: Mapping[str, Any]) -> EngineConfig:
    tls = TLSConfig(
        options.get("tls_ca_file"), options.get("tls_cert_file"), options.get("tls_privkey_file"), options.get("tls_verify_server", True)
    )
    sip = SIPEndpointConfig(
        options.get("user_agent") or "BlinkQ", options.get("ip_address"), options.get("udp_port", 0), options.get("tcp_port"),
        options.get("tls_port"), tls,
    )  # fmt: skip
    return EngineConfig(sip=sip, media=False)
