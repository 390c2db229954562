"""The settings of an account about NAT: how voice gets through home routers."""

from __future__ import annotations

from blinkq.sipsimple.configuration import Setting, SettingsGroup
from blinkq.sipsimple.configuration.datatypes import STUNServerAddressList

__all__ = ["NATTraversalSettings"]


class NATTraversalSettings(SettingsGroup):
    use_ice = Setting(
        bool, False, doc="whether ICE looks for the best way to the peer; it tells the peer all network addresses of this computer"
    )
    stun_server_list: Setting[STUNServerAddressList | None] = Setting(
        STUNServerAddressList, nillable=True, doc="STUN servers for ICE, as host:port; empty = what DNS names for the account's domain"
    )
