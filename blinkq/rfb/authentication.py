"""VNC authentication (RFC 6143 §7.2.2): a challenge, encrypted by DES with the password. It protects little: MSRP's TLS does that."""

from __future__ import annotations

__all__ = ["CHALLENGE_SIZE", "answer_challenge"]

CHALLENGE_SIZE = 16


def answer_challenge(challenge: bytes, password: str) -> bytes:
    """Only the first eight characters count; each byte of the key is taken with its bits turned round."""
    # 40 ms and 10 MB that only servers with a password are worth
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    key = password.encode("latin-1", "replace")[:8].ljust(8, b"\0")
    turned = bytes(int(f"{octet:08b}"[::-1], 2) for octet in key)
    encryptor = Cipher(TripleDES(turned * 3), modes.ECB()).encryptor()  # three times the same key is plain DES
    return encryptor.update(challenge) + encryptor.finalize()
