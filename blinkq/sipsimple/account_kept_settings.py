"""Settings of an account that scripts and settings files of the SDK know: other names of ours, and what has no effect here (yet)."""

from __future__ import annotations

from blinkq.sipsimple.configuration import KEPT, Setting, SettingAlias, SettingsGroup
from blinkq.sipsimple.configuration.datatypes import MSRPConnectionModel, MSRPTransport, Path, SRTPKeyNegotiation, XCAPRoot

__all__ = ["AccountTLSSettings", "EncryptionSettings", "MSRPSettings", "PSTNSettings", "XCAPSettings"]

_NO_XCAP = f"{KEPT}there is no XCAP"

_NEGOTIATIONS = {"disabled": "opportunistic", "optional": "opportunistic", "mandatory": "sdes_mandatory"}


def _read_enabled(encryption: str) -> bool:
    return encryption != "disabled"


def _write_enabled(enabled: object, present: str) -> str:
    if not isinstance(enabled, bool):
        raise ValueError(f"True or False is wanted, not {enabled!r}")
    if not enabled:
        return "disabled"
    return "optional" if present == "disabled" else present


def _read_negotiation(encryption: str) -> str:
    return str(SRTPKeyNegotiation(_NEGOTIATIONS[encryption]))


def _write_negotiation(negotiation: str, present: str) -> str:
    wanted = SRTPKeyNegotiation(negotiation)
    if present == "disabled":
        return present
    return "mandatory" if wanted == "sdes_mandatory" else "optional"


class EncryptionSettings(SettingsGroup):
    """The SDK's way to say what ``rtp.srtp_encryption`` says."""

    enabled = SettingAlias("rtp.srtp_encryption", _read_enabled, _write_enabled)
    key_negotiation = SettingAlias("rtp.srtp_encryption", _read_negotiation, _write_negotiation)


class MSRPSettings(SettingsGroup):
    connection_model = Setting(
        MSRPConnectionModel, MSRPConnectionModel("relay"),
        doc="relay: MSRP relays are used as nat_traversal says; acm: never, one party connects to the other (RFC 6135)",
    )  # fmt: skip
    transport = Setting(MSRPTransport, MSRPTransport("tls"), doc="how chats and files travel: tls or tcp (not encrypted)")


class PSTNSettings(SettingsGroup):
    """Empty: applications add theirs."""


class AccountTLSSettings(SettingsGroup):
    certificate: Setting[Path | None] = Setting(Path, nillable=True, doc=f"{KEPT}the certificate is the general tls.certificate")
    verify_server = Setting(bool, False, doc=f"{KEPT}servers are checked as the general tls.verify_server says")


class XCAPSettings(SettingsGroup):
    enabled = Setting(bool, False, doc=_NO_XCAP)
    discovered = Setting(bool, False, doc=_NO_XCAP)
    xcap_root: Setting[XCAPRoot | None] = Setting(XCAPRoot, nillable=True, doc=_NO_XCAP)
    xcap_diff = Setting(bool, True, doc=_NO_XCAP)
