"""The bodies that SIP carries beside SDP: parsed from bytes, built to bytes, never sent or received here."""
