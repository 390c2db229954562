"""What ``sipsimple.core`` has beyond the specification: the names that tell of PJSIP, and older and newer ways to call its classes."""

from __future__ import annotations

from typing import Any

from blinkq.compat.text import Text
from blinkq.sipsimple import core
from blinkq.sipsimple.core import BaseIdentityHeader, SIPCoreError

__all__ = [
    "CORE_BUILD", "CORE_REVISION", "PJ_SVN_REVISION", "PJ_VERSION", "PJSIPError", "PJSIPTLSError", "SIPCoreInvalidStateError",
    "Subscription",
]  # fmt: skip

CORE_REVISION = 217
CORE_BUILD = 16
PJ_VERSION = Text("none (BlinkQ)")
PJ_SVN_REVISION = 0


class PJSIPError(SIPCoreError):
    """Never raised here; scripts that catch it may do so."""


class PJSIPTLSError(PJSIPError):
    """Never raised here; scripts that catch it may do so."""


class SIPCoreInvalidStateError(SIPCoreError):
    """Never raised here (IllegalStateError is); scripts that catch it may do so."""


class Subscription(core.Subscription):
    """As the core's. The event may be bytes; without the request URI, as old scripts have it, the address in the To header is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and isinstance(args[0], BaseIdentityHeader):
            to_header = args[1] if len(args) > 1 else kwargs["to_header"]
            args = (to_header.uri, *args)
        if len(args) > 4 and isinstance(args[4], bytes):
            args = (*args[:4], args[4].decode(), *args[5:])
        elif isinstance(kwargs.get("event"), bytes):
            kwargs["event"] = kwargs["event"].decode()
        super().__init__(*args, **kwargs)
