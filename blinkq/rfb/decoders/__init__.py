"""Encodings, as a viewer reads them (RFC 6143 §7.7). Each decoder is a generator that asks for bytes by yielding how many."""
