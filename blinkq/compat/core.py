"""What ``sipsimple.core`` exports beyond the specification: the names that tell of PJSIP, which the SDK was built on."""

from __future__ import annotations

from blinkq.compat.text import Text
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["CORE_BUILD", "CORE_REVISION", "PJ_SVN_REVISION", "PJ_VERSION", "PJSIPError", "PJSIPTLSError", "SIPCoreInvalidStateError"]

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
