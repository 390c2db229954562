"""What applications import from ``sipsimple.core``: addresses, headers, credentials, routes, the mixer.

Only names are gathered here. The rest of the middleware imports the files that define them, never this one.
"""

from __future__ import annotations

from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.headers import (
    BaseIdentityHeader,
    ContactHeader,
    FromHeader,
    FrozenContactHeader,
    FrozenFromHeader,
    FrozenRecordRouteHeader,
    FrozenRouteHeader,
    FrozenToHeader,
    RecordRouteHeader,
    RouteHeader,
    ToHeader,
)
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI, FrozenSIPURI, SIPCoreError
from blinkq.sipsimple.values.credentials import Credentials, FrozenCredentials
from blinkq.sipsimple.values.status_messages import sip_status_messages

__all__ = [
    "SIPURI", "AudioMixer", "BaseIdentityHeader", "BaseSIPURI", "ContactHeader", "Credentials", "FromHeader", "FrozenContactHeader",
    "FrozenCredentials", "FrozenFromHeader", "FrozenRecordRouteHeader", "FrozenRouteHeader", "FrozenSIPURI", "FrozenToHeader",
    "RecordRouteHeader", "Route", "RouteHeader", "SIPCoreError", "ToHeader", "sip_status_messages",
]  # fmt: skip
