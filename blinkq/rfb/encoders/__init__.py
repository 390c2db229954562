"""Encodings, as a server writes them (RFC 6143 §7.7)."""
