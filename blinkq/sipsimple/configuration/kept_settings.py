"""General settings that scripts and settings files of the SIP SIMPLE client SDK know, and that have no effect here (yet).

They take, check and keep what is given to them, and their prose says why nothing comes of it.
"""

from __future__ import annotations

from blinkq.sipsimple.configuration import KEPT, RuntimeSetting, Setting, SettingsGroup, group
from blinkq.sipsimple.configuration.datatypes import (
    H264Profile,
    MSRPTransport,
    NonNegativeInteger,
    Path,
    PJSIPLogLevel,
    TLSProtocol,
    VideoResolution,
)

__all__ = [
    "ChatSettings", "DesktopSharingSettings", "EchoCancellerSettings", "FileTransferSettings", "KeptLogsSettings", "KeptTLSSettings",
    "MSRPSettings", "ScreenSharingSettings", "VideoSettings",
]  # fmt: skip

_NO_VIDEO = f"{KEPT}there is no video"
_NO_ECHO_CANCELLER = f"{KEPT}there is no echo canceller, use a headset"


class EchoCancellerSettings(SettingsGroup):
    enabled = Setting(bool, True, doc=_NO_ECHO_CANCELLER)
    tail_length = Setting(NonNegativeInteger, NonNegativeInteger(2), doc=_NO_ECHO_CANCELLER)


class H264Settings(SettingsGroup):
    profile = Setting(H264Profile, H264Profile("baseline"), doc=_NO_VIDEO)
    level = Setting(str, "3.1", doc=_NO_VIDEO)


class VideoSettings(SettingsGroup):
    device: Setting[str | None] = Setting(str, "system_default", nillable=True, doc=_NO_VIDEO)
    resolution = Setting(VideoResolution, VideoResolution(1280, 720), doc=_NO_VIDEO)
    framerate = Setting(int, 30, doc=_NO_VIDEO)
    max_bitrate: Setting[float | None] = Setting(float, nillable=True, doc=_NO_VIDEO)
    muted = RuntimeSetting(bool, False, doc=_NO_VIDEO)
    h264 = group(H264Settings)


class ChatSettings(SettingsGroup):
    """Empty: applications add theirs."""


class ScreenSharingSettings(SettingsGroup):
    """Empty: applications add theirs."""


class DesktopSharingSettings(SettingsGroup):
    """Empty: applications add theirs."""


class FileTransferSettings(SettingsGroup):
    directory = Setting(Path, Path("~/Downloads"), doc="where incoming files are kept")
    partial_days = Setting(
        NonNegativeInteger, NonNegativeInteger(14),
        doc="days that the beginning of an interrupted file is kept, so that it can go on; then it is deleted; 0 = never kept",
    )  # fmt: skip
    partial_count = Setting(
        NonNegativeInteger, NonNegativeInteger(20),
        doc="how many beginnings of interrupted files are kept in their folder, the latest ones; 0 = none",
    )  # fmt: skip


class MSRPSettings(SettingsGroup):
    transport = Setting(MSRPTransport, MSRPTransport("tls"), doc=f"{KEPT}each account has its own")


class KeptLogsSettings(SettingsGroup):
    trace_msrp = Setting(bool, False, doc="whether MSRPTransportTrace and MSRPLibraryLog tell what goes over the wire of chats and files")
    trace_pjsip = Setting(bool, False, doc=f"{KEPT}there is no PJSIP")
    pjsip_level = Setting(PJSIPLogLevel, PJSIPLogLevel(5), doc=f"{KEPT}there is no PJSIP")


class KeptTLSSettings(SettingsGroup):
    protocol = Setting(TLSProtocol, TLSProtocol("TLSv1"), doc=f"{KEPT}TLS 1.2 or newer is used, whichever both have")
    timeout = Setting(NonNegativeInteger, NonNegativeInteger(1000), doc=f"{KEPT}connections have one limit for all transports")
