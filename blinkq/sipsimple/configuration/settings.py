"""SIPSimpleSettings: the settings that are not an account's."""

from __future__ import annotations

import os

import platformdirs

import blinkq
from blinkq.sipsimple.configuration import (
    KEPT,
    CorrelatedSetting,
    RuntimeSetting,
    Setting,
    SettingAlias,
    SettingsGroup,
    SettingsObject,
    group,
)
from blinkq.sipsimple.configuration.datatypes import (
    AudioCodecList,
    IPAddress,
    NameserverList,
    NonNegativeInteger,
    Path,
    Port,
    PortRange,
    SampleRate,
    SIPTransportList,
    VideoCodecList,
)
from blinkq.sipsimple.configuration.kept_settings import (
    ChatSettings,
    DesktopSharingSettings,
    EchoCancellerSettings,
    FileTransferSettings,
    KeptLogsSettings,
    KeptTLSSettings,
    MSRPSettings,
    ScreenSharingSettings,
    VideoSettings,
)

__all__ = [
    "AudioSettings", "ChatSettings", "DesktopSharingSettings", "FileTransferSettings", "LogsSettings", "RTPSettings",
    "SIPSettings", "SIPSimpleSettings", "ScreenSharingSettings", "TLSSettings", "VideoSettings",
]  # fmt: skip


class AudioSettings(SettingsGroup):
    """Sound. A device is a name from the device list, "system_default", "file:PATH" (a WAV file), or None for none."""

    alert_device: Setting[str | None] = Setting(str, "system_default", nillable=True, doc="device that rings")
    input_device: Setting[str | None] = Setting(str, "system_default", nillable=True, doc="microphone")
    output_device: Setting[str | None] = Setting(str, "system_default", nillable=True, doc="loudspeaker")
    sample_rate = Setting(SampleRate, SampleRate(48000), doc="sample rate of the mixers in Hz, from the next start on")
    muted = RuntimeSetting(bool, False, doc="whether the microphone is muted")
    silent = Setting(bool, False, doc="whether nothing rings")
    directory = Setting(
        Path, Path(os.path.join(platformdirs.user_documents_dir(), "BlinkQ recordings")), doc="where recordings of calls are kept"
    )
    tail_length = SettingAlias("audio.echo_canceller.tail_length")

    echo_canceller = group(EchoCancellerSettings)


class DNSSettings(SettingsGroup):
    nameservers: Setting[NameserverList | None] = Setting(
        NameserverList, nillable=True, doc="DNS servers (IP:port) instead of the system's"
    )


class LogsSettings(KeptLogsSettings):
    trace_sip = Setting(bool, False, doc="whether every SIP message is traced")


class RTPSettings(SettingsGroup):
    audio_codec_list = Setting(AudioCodecList, AudioCodecList(["opus", "G722", "PCMU", "PCMA"]), doc="audio codecs, preferred ones first")
    port_range = Setting(PortRange, PortRange(50000, 50500), doc="UDP ports for media")
    timeout = Setting(NonNegativeInteger, NonNegativeInteger(30), doc="seconds without media after which a call is ended; 0 = never")
    video_codec_list = Setting(VideoCodecList, VideoCodecList(["H264", "VP9", "VP8"]), doc=f"{KEPT}there is no video")


def _differ(port: Port, other: Port) -> None:
    if port == other != 0:
        raise ValueError("TCP and TLS cannot have the same port; 0 lets the system choose")


class SIPSettings(SettingsGroup):
    accept_direct_calls = Setting(bool, False, doc="whether calls are taken that do not come from an account's server")
    invite_timeout: Setting[NonNegativeInteger | None] = Setting(
        NonNegativeInteger, NonNegativeInteger(90), nillable=True, doc="seconds that a called party may ring"
    )
    keepalive_interval = Setting(
        NonNegativeInteger, NonNegativeInteger(5), doc="seconds between checks that a server reached over UDP still knows us; 0 = never"
    )
    local_ip: Setting[IPAddress | None] = Setting(IPAddress, nillable=True, doc="the only local address to use")
    tcp_port = CorrelatedSetting(Port, "tls_port", _differ, Port(0), doc="local TCP port; 0 = any")
    tls_port = CorrelatedSetting(Port, "tcp_port", _differ, Port(0), doc="local TLS port; 0 = any; not that of TCP")
    transport_list = Setting(SIPTransportList, SIPTransportList(["tls", "tcp", "udp"]), doc="transports, preferred ones first")
    udp_port = Setting(Port, Port(0), doc="local UDP port; 0 = any")


class TLSSettings(KeptTLSSettings):
    ca_list: Setting[Path | None] = Setting(Path, nillable=True, doc="file of certificate authorities that are trusted beside the system's")
    certificate: Setting[Path | None] = Setting(Path, nillable=True, doc="file with our certificate and its key")
    verify_server = Setting(bool, True, doc="whether a server's certificate must be valid and carry its name")


class SIPSimpleSettings(SettingsObject):
    """The singleton with the settings that are not an account's."""

    __id__ = "SIPSimpleSettings"

    default_account: Setting[str | None] = Setting(str, nillable=True, doc="the account that calls are placed from")
    instance_id = Setting(str, "", doc="the name of this installation (a urn:uuid), made at the first start")
    user_agent = Setting(str, f"BlinkQ/{blinkq.__version__}", doc="how we introduce ourselves to servers and peers")

    audio = group(AudioSettings)
    chat = group(ChatSettings)
    desktop_sharing = group(DesktopSharingSettings)
    dns = group(DNSSettings)
    file_transfer = group(FileTransferSettings)
    logs = group(LogsSettings)
    msrp = group(MSRPSettings)
    rtp = group(RTPSettings)
    screen_sharing = group(ScreenSharingSettings)
    sip = group(SIPSettings)
    tls = group(TLSSettings)
    video = group(VideoSettings)

    @property
    def local_ip(self) -> IPAddress | None:
        """The same as ``sip.local_ip``; it can be set here as well."""
        return self.sip.local_ip

    @local_ip.setter
    def local_ip(self, address: IPAddress | None) -> None:
        self.sip.local_ip = address
