"""What applications import from ``sipsimple.account``."""

from __future__ import annotations

from blinkq.sipsimple.account_manager import AccountManager, AnyAccount
from blinkq.sipsimple.account_settings import BonjourMSRPSettings, BonjourSIPSettings, RTPSettings
from blinkq.sipsimple.bonjour_account import BonjourAccount
from blinkq.sipsimple.contact_uri import ContactURI
from blinkq.sipsimple.sip_account import Account

__all__ = [
    "Account", "AccountManager", "AnyAccount", "BonjourAccount", "BonjourMSRPSettings", "BonjourSIPSettings", "ContactURI", "RTPSettings",
]  # fmt: skip
