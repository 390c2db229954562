"""What applications import from ``sipsimple.core``: addresses, headers, credentials, routes, descriptions, sound.

Only names are gathered here. The rest of the middleware imports the files that define them, never this one.
"""

from __future__ import annotations

from blinkq.sip.dialog import DialogID
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.core.audio_transport import AudioTransport
from blinkq.sipsimple.core.mixer_port import MixerPort
from blinkq.sipsimple.core.rtp_transport import RTPTransport
from blinkq.sipsimple.core.tone_generator import ToneGenerator
from blinkq.sipsimple.core.wave_file import RecordingWaveFile, WaveFile
from blinkq.sipsimple.engine import Engine
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
from blinkq.sipsimple.usages.engine_object import EndpointAddress
from blinkq.sipsimple.usages.incoming_referral import IncomingReferral
from blinkq.sipsimple.usages.incoming_request import IncomingRequest
from blinkq.sipsimple.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.usages.invitation import Invitation
from blinkq.sipsimple.usages.message import Message
from blinkq.sipsimple.usages.publication import Publication, PublicationError, PublicationETagError
from blinkq.sipsimple.usages.referral import Referral
from blinkq.sipsimple.usages.registration import Registration
from blinkq.sipsimple.usages.request import Request
from blinkq.sipsimple.usages.subscription import Subscription
from blinkq.sipsimple.values.credentials import Credentials, FrozenCredentials
from blinkq.sipsimple.values.header import (
    BaseHeader,
    BaseSubjectHeader,
    FrozenHeader,
    FrozenSubjectHeader,
    Header,
    SubjectHeader,
)
from blinkq.sipsimple.values.parameter_headers import (
    BaseContentTypeHeader,
    BaseEventHeader,
    BaseReasonHeader,
    BaseReferToHeader,
    BaseReplacesHeader,
    BaseSubscriptionStateHeader,
    ContentType,
    ContentTypeHeader,
    EventHeader,
    FrozenContentTypeHeader,
    FrozenEventHeader,
    FrozenReasonHeader,
    FrozenReferToHeader,
    FrozenReplacesHeader,
    FrozenSubscriptionStateHeader,
    ReasonHeader,
    ReferToHeader,
    ReplacesHeader,
    SubscriptionStateHeader,
)
from blinkq.sipsimple.values.sdp import (
    BaseSDPMediaStream,
    BaseSDPSession,
    FrozenSDPMediaStream,
    FrozenSDPSession,
    SDPMediaStream,
    SDPSession,
)
from blinkq.sipsimple.values.sdp_attributes import (
    BaseSDPAttribute,
    BaseSDPBandwidthInfo,
    BaseSDPConnection,
    FrozenSDPAttribute,
    FrozenSDPAttributeList,
    FrozenSDPBandwidthInfo,
    FrozenSDPConnection,
    MediaCodec,
    SDPAttribute,
    SDPAttributeList,
    SDPBandwidthInfo,
    SDPConnection,
)
from blinkq.sipsimple.values.status_messages import sip_status_messages
from blinkq.sipsimple.values.transport_headers import (
    BaseRetryAfterHeader,
    BaseViaHeader,
    BaseWarningHeader,
    FrozenRetryAfterHeader,
    FrozenViaHeader,
    FrozenWarningHeader,
    RetryAfterHeader,
    ViaHeader,
    WarningHeader,
)

__all__ = [
    "SIPURI",
    "AudioMixer",
    "AudioTransport",
    "BaseContentTypeHeader",
    "BaseEventHeader",
    "BaseHeader",
    "BaseIdentityHeader",
    "BaseReasonHeader",
    "BaseReferToHeader",
    "BaseReplacesHeader",
    "BaseRetryAfterHeader",
    "BaseSDPAttribute",
    "BaseSDPBandwidthInfo",
    "BaseSDPConnection",
    "BaseSDPMediaStream",
    "BaseSDPSession",
    "BaseSIPURI",
    "BaseSubjectHeader",
    "BaseSubscriptionStateHeader",
    "BaseViaHeader",
    "BaseWarningHeader",
    "ContactHeader",
    "ContentType",
    "ContentTypeHeader",
    "Credentials",
    "DialogID",
    "EndpointAddress",
    "Engine",
    "EventHeader",
    "FromHeader",
    "FrozenContactHeader",
    "FrozenContentTypeHeader",
    "FrozenCredentials",
    "FrozenEventHeader",
    "FrozenFromHeader",
    "FrozenHeader",
    "FrozenReasonHeader",
    "FrozenRecordRouteHeader",
    "FrozenReferToHeader",
    "FrozenReplacesHeader",
    "FrozenRetryAfterHeader",
    "FrozenRouteHeader",
    "FrozenSDPAttribute",
    "FrozenSDPAttributeList",
    "FrozenSDPBandwidthInfo",
    "FrozenSDPConnection",
    "FrozenSDPMediaStream",
    "FrozenSDPSession",
    "FrozenSIPURI",
    "FrozenSubjectHeader",
    "FrozenSubscriptionStateHeader",
    "FrozenToHeader",
    "FrozenViaHeader",
    "FrozenWarningHeader",
    "Header",
    "IncomingReferral",
    "IncomingRequest",
    "IncomingSubscription",
    "Invitation",
    "MediaCodec",
    "Message",
    "MixerPort",
    "Publication",
    "PublicationETagError",
    "PublicationError",
    "RTPTransport",
    "ReasonHeader",
    "RecordRouteHeader",
    "RecordingWaveFile",
    "ReferToHeader",
    "Referral",
    "Registration",
    "ReplacesHeader",
    "Request",
    "RetryAfterHeader",
    "Route",
    "RouteHeader",
    "SDPAttribute",
    "SDPAttributeList",
    "SDPBandwidthInfo",
    "SDPConnection",
    "SDPMediaStream",
    "SDPSession",
    "SIPCoreError",
    "SubjectHeader",
    "Subscription",
    "SubscriptionStateHeader",
    "ToHeader",
    "ToneGenerator",
    "ViaHeader",
    "WarningHeader",
    "WaveFile",
    "sip_status_messages",
]  # fmt: skip
