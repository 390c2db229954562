"""What applications import from ``sipsimple.account``."""

from __future__ import annotations

from blinkq.sipsimple.account_manager import AccountManager
from blinkq.sipsimple.contact_uri import ContactURI
from blinkq.sipsimple.sip_account import Account

__all__ = ["Account", "AccountManager", "ContactURI"]
