"""Hands the events of MSRP sessions to the streams that own them, and tells what goes over the wire to whoever wants to know."""

from __future__ import annotations

import logging

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger, redact_msrp
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.msrp_link import MSRPLink

__all__ = ["configure_trace", "dispatch"]

_log = get_logger("engine.msrp")



def dispatch(event: object) -> None:
    """An event of the engine's MSRP endpoint; the owner of its session hears it."""
    session = getattr(event, "session", None)
    owner = None if session is None else session.owner
    if owner is not None:
        owner.msrp_event(event)


def configure_trace(endpoint: MSRPEndpoint, enabled: bool) -> None:
    """Post MSRPTransportTrace for all bytes, secrets hidden, and MSRPLibraryLog for what the endpoint logs, or stop doing so."""
    endpoint.tracer = _trace if enabled else None
    for handler in [handler for handler in _log.handlers if isinstance(handler, _LibraryLog)]:
        _log.removeHandler(handler)
    if enabled:
        _log.addHandler(_LibraryLog())


def _trace(link: MSRPLink, outgoing: bool, data: bytes) -> None:
    stream = link.stream
    post(
        "MSRPTransportTrace", link, direction="outgoing" if outgoing else "incoming", data=redact_msrp(data),
        local_address=None if stream is None else stream.local, remote_address=None if stream is None else stream.remote,
    )  # fmt: skip


class _LibraryLog(logging.Handler):
    """The endpoint's log lines, as notifications."""

    def emit(self, record: logging.LogRecord) -> None:
        post("MSRPLibraryLog", None, message=record.getMessage(), level=record.levelno)
