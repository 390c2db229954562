"""Sentences for what the operating systems report, Windows' own codes included."""

from __future__ import annotations

import errno
import socket

import pytest

from blinkq.engine.errors import describe_bind_error, describe_os_error


class WindowsError(OSError):
    """As Windows raises it: the errno says nothing, winerror does."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EINVAL, "a localised sentence")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "Connection refused by 192.0.2.1 port 5060 (TCP)"),
        (ConnectionRefusedError(10061, "a localised sentence"), "Connection refused by"),
        (ConnectionResetError(errno.EINVAL, "a localised sentence"), "Connection reset by"),
        (ConnectionAbortedError(), "was aborted"),
        (BrokenPipeError(), "Connection closed by"),
        (TimeoutError(), "No answer from"),
        (OSError(errno.ENETUNREACH, "unreachable"), "Network unreachable"),
        (socket.gaierror(-2, "unknown"), "is not an address"),
        (OSError(errno.EIO, "odd"), "failed: odd"),
        (ValueError("odd"), "failed: odd"),
        (WindowsError(64), "Connection reset by"),
        (WindowsError(121), "No answer from"),
        (WindowsError(1225), "Connection refused by"),
        (WindowsError(1231), "Network unreachable"),
        (WindowsError(1232), "Host unreachable"),
        (WindowsError(1236), "was aborted"),
        (WindowsError(87), "failed: a localised sentence"),
    ],
)
def test_what_a_connection_met(error: BaseException, words: str) -> None:
    assert words in describe_os_error(error, "192.0.2.1", 5060, "tcp")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRINUSE, "another program uses this port"),
        (errno.EADDRNOTAVAIL, "no such address"),
        (errno.EACCES, "reserved for the system"),
        (errno.ENOMEM, "no room"),
    ],
)
def test_what_cannot_be_listened_on(number: int, words: str) -> None:
    assert words in describe_bind_error(OSError(number, "no room"), "192.0.2.1", 5060, "udp")
