"""Certificates for tests, made on the spot: an authority, servers it vouches for, and bad ones."""

from __future__ import annotations

import datetime
import functools
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority"]

DAY = datetime.timedelta(days=1)


@functools.cache
def _key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """A certificate authority that keeps its files in ``directory``."""

    directory: Path
    name: str = "Test Authority"

    @property
    def ca_file(self) -> str:
        """Path of its own certificate (PEM)."""
        path = self.directory / f"{self.name}.pem"
        if not path.exists():
            path.write_bytes(self._build(self.name, [], DAY, ca=True).public_bytes(serialization.Encoding.PEM))
        return str(path)

    def server(self, *names: str, age: datetime.timedelta = DAY, life: datetime.timedelta = 365 * DAY, common_name: str = "server") -> str:
        """Path of a file with certificate and key for ``names``: DNS names, addresses or sip: URIs. ``age`` - ``life`` > 0 is expired."""
        general: list[x509.GeneralName] = []
        for name in names:
            if name.startswith("sip:"):
                general.append(x509.UniformResourceIdentifier(name))
            else:
                try:
                    general.append(x509.IPAddress(ipaddress.ip_address(name)))
                except ValueError:
                    general.append(x509.DNSName(name))
        certificate = self._build(common_name, general, age, life=life)
        key = _key(common_name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.directory / f"{certificate.serial_number:x}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key)
        return str(path)

    def _build(
        self, name: str, names: list[x509.GeneralName], age: datetime.timedelta, *, life: datetime.timedelta = 365 * DAY, ca: bool = False
    ) -> x509.Certificate:
        begin = datetime.datetime.now(datetime.UTC) - age
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(_key(name).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + life)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(_key(self.name), hashes.SHA256())
