"""BlinkQ: a SIP softphone, and the SIP SIMPLE middleware under it."""

__version__ = "0.1.0"
