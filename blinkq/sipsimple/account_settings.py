"""The settings of an account, by group."""

from __future__ import annotations

from blinkq.sipsimple.account_kept_settings import EncryptionSettings
from blinkq.sipsimple.configuration import KEPT, Setting, SettingAlias, SettingsGroup, group
from blinkq.sipsimple.configuration.datatypes import (
    AudioCodecList,
    MSRPTransport,
    PositiveInteger,
    SIPAddress,
    SIPProxyAddress,
    SIPTransport,
    SRTPEncryption,
    VideoCodecList,
)

__all__ = [
    "AccountSIPSettings", "AuthSettings", "BonjourMSRPSettings", "BonjourPresenceSettings", "BonjourSIPSettings", "DialogEventSettings",
    "MessageSummarySettings", "PresenceSettings", "RTPSettings", "RegistrationSettings", "SMSSettings",
]  # fmt: skip


class AuthSettings(SettingsGroup):
    username: Setting[str | None] = Setting(str, nillable=True, doc="user name for authentication where it is not that of the address")
    password = SettingAlias("password")


class RegistrationSettings(SettingsGroup):
    enabled = Setting(bool, True, doc="whether the account registers, so that it can be called")
    interval = Setting(PositiveInteger, PositiveInteger(600), doc="seconds for which a registration is asked")


class PresenceSettings(SettingsGroup):
    enabled = Setting(bool, False, doc="whether our presence is published, and that of the contacts asked for")


class DialogEventSettings(SettingsGroup):
    enabled = Setting(bool, False, doc="whether others may see that we are in a call, and we whether the contacts are")


class MessageSummarySettings(SettingsGroup):
    enabled = Setting(bool, False, doc="whether to ask for waiting voicemail")
    voicemail_uri: Setting[SIPAddress | None] = Setting(SIPAddress, nillable=True, doc="the mailbox, where it is not the account's address")


class AccountSIPSettings(SettingsGroup):
    always_use_my_proxy = Setting(
        bool, True, doc="whether calls to other domains go through the account's own server too; calls to a port or an IP address do not"
    )
    outbound_proxy: Setting[SIPProxyAddress | None] = Setting(
        SIPProxyAddress, nillable=True, doc="server to use instead of the one that DNS names: host:port;transport=tls"
    )
    register = SettingAlias("registration.enabled")
    register_interval = SettingAlias("registration.interval")
    publish_interval = Setting(PositiveInteger, PositiveInteger(600), doc="seconds for which what we publish is to be kept by the server")
    subscribe_interval = Setting(PositiveInteger, PositiveInteger(600), doc="seconds for which subscriptions are asked")
    tls_name: Setting[str | None] = Setting(str, nillable=True, doc="name that the server's certificate must have, instead of the domain")
    transport: Setting[SIPTransport | None] = Setting(SIPTransport, nillable=True, doc="the only transport to use; empty = as DNS says")


class RTPSettings(SettingsGroup):
    audio_codec_list: Setting[AudioCodecList | None] = Setting(
        AudioCodecList, nillable=True, doc="audio codecs of this account, preferred ones first, instead of the general ones"
    )
    srtp_encryption = Setting(SRTPEncryption, SRTPEncryption("optional"), doc="encryption of calls: disabled, optional or mandatory")
    use_srtp_without_tls = Setting(bool, False, doc="whether keys are offered although the signalling is not encrypted")
    video_codec_list: Setting[VideoCodecList | None] = Setting(VideoCodecList, nillable=True, doc=f"{KEPT}there is no video")

    encryption = group(EncryptionSettings)


class SMSSettings(SettingsGroup):
    enable_imdn = Setting(bool, True, doc="whether who asks for receipts is told that a message arrived, and was seen")
    use_cpim = Setting(bool, True, doc="whether messages may go in an envelope (CPIM), which receipts need")


class BonjourMSRPSettings(SettingsGroup):
    transport = Setting(MSRPTransport, MSRPTransport("tls"), doc="how chats and files travel: tls or tcp (not encrypted)")


class BonjourPresenceSettings(SettingsGroup):
    enabled = Setting(bool, True, doc="whether neighbours are told whether we are available")


class BonjourSIPSettings(SettingsGroup):
    tls_name: Setting[str | None] = Setting(str, nillable=True, doc="name that neighbours' certificates must have, instead of the address")
    transport = Setting(SIPTransport, SIPTransport("tcp"), doc="the transport to call neighbours with, where they announce it")
