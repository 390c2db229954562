"""From settings to the engine: its configuration, and what to do when a setting changes while it runs."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.engine.engine import EngineConfig
from blinkq.engine.sip_endpoint import SIPEndpointConfig
from blinkq.engine.tls import TLSConfig
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

__all__ = ["engine_config", "sip_config", "touches_transports"]

#: A change of one of these needs the transports to be opened anew.
_TRANSPORT_SETTINGS = frozenset(
    {"sip.udp_port", "sip.tcp_port", "sip.tls_port", "sip.transport_list", "sip.local_ip", "tls.ca_list", "tls.certificate",
     "tls.verify_server", "user_agent"}
)  # fmt: skip


def engine_config(settings: SIPSimpleSettings, *, tls: bool = True, media: bool = True) -> EngineConfig:
    """The engine's configuration as the settings have it; ``tls`` False leaves TLS out."""
    return EngineConfig(sip=sip_config(settings, tls=tls), nameservers=nameservers(settings), media=media)


def sip_config(settings: SIPSimpleSettings, *, tls: bool = True) -> SIPEndpointConfig:
    """The transports as the settings have them."""
    transports = set(settings.sip.transport_list)

    def port(transport: str, number: int) -> int | None:
        return int(number) if transport in transports else None

    return SIPEndpointConfig(
        user_agent=settings.user_agent,
        local_address=str(settings.sip.local_ip) if settings.sip.local_ip else None,
        udp_port=port("udp", settings.sip.udp_port),
        tcp_port=port("tcp", settings.sip.tcp_port),
        tls_port=port("tls", settings.sip.tls_port) if tls else None,
        tls=TLSConfig(
            ca_file=settings.tls.ca_list.normalized if settings.tls.ca_list else None,
            certificate=settings.tls.certificate.normalized if settings.tls.certificate else None,
            verify=settings.tls.verify_server,
        ),
    )


def nameservers(settings: SIPSimpleSettings) -> tuple[str, ...] | None:
    """The name servers to ask, as "IP:port"; None for the system's."""
    configured = settings.dns.nameservers
    return tuple(str(server) for server in configured) if configured else None


def touches_transports(paths: Iterable[str]) -> bool:
    """Whether one of the changed settings makes it necessary to open the transports anew."""
    return not _TRANSPORT_SETTINGS.isdisjoint(paths)
