"""The groups of settings that scripts extend, by the names they have in ``sipsimple.account``."""

from __future__ import annotations

from blinkq.sipsimple.account_kept_settings import MSRPSettings
from blinkq.sipsimple.account_settings import BonjourSIPSettings

__all__ = ["BonjourMSRPSettings", "BonjourSIPSettings", "MSRPSettings"]


class BonjourMSRPSettings(MSRPSettings):
    """The settings of MSRP for an extension of BonjourAccount; it has none of its own."""
