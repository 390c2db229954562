"""A certificate of our own for connections between two parties, where SDP tells its fingerprint and no authority is needed (RFC 8122)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from blinkq.engine.tls import TLSConfig

__all__ = ["own_certificate"]

#: Days. The certificate lives as long as the process, which may have started before the computer's clock was set.
VALIDITY = timedelta(days=365)


def own_certificate(wallclock: float) -> TLSConfig:
    """Make a key and a self-signed certificate; neither is ever kept in a file.

    Whoever connects is asked for one too.

    :param wallclock: seconds since 1970
    """
    now = datetime.fromtimestamp(wallclock, UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "BlinkQ")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return TLSConfig(pem=certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*encoding), ask=True)
