"""The settings of an account about NAT: how voice gets through home routers."""

from __future__ import annotations

from blinkq.sipsimple.configuration import Setting, SettingsGroup
from blinkq.sipsimple.configuration.datatypes import MSRPRelayAddress, STUNServerAddressList

__all__ = ["NATTraversalSettings"]


class NATTraversalSettings(SettingsGroup):
    use_ice = Setting(
        bool, False, doc="whether ICE looks for the best way to the peer; it tells the peer all network addresses of this computer"
    )
    stun_server_list: Setting[STUNServerAddressList | None] = Setting(
        STUNServerAddressList, nillable=True, doc="STUN servers for ICE, as host:port; empty = what DNS names for the account's domain"
    )
    msrp_relay: Setting[MSRPRelayAddress | None] = Setting(
        MSRPRelayAddress, nillable=True,
        doc="the MSRP relay (RFC 4976), as host:port;transport=tls, or wss://host/path where it is reached over WebSocket (RFC 7977); "
        "empty = the one that DNS announces for the account's domain, if any",
    )  # fmt: skip
    use_msrp_relay_for_inbound = Setting(bool, True, doc="whether chats and files that others offer go through the MSRP relay")
    use_msrp_relay_for_outbound = Setting(bool, False, doc="whether chats and files that we offer go through the MSRP relay")
