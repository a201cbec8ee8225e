"""A registration's own certificate: a key made here, and the self-signed certificate that the tenant is told."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from gangway.foundation.sealed import SealedText

BITS: Final = 2048
LONGEST_NAME: Final = 64
"""Characters of a common name in X.509."""


@dataclass(frozen=True)
class NewCertificate:
    """`private_key` is PKCS 8 in PEM and never leaves workers; `der` is the public certificate."""

    private_key: SealedText
    der: bytes = field(repr=False)
    thumbprint: str
    starts_at: datetime
    ends_at: datetime

    @property
    def key(self) -> str:
        """The certificate as Graph takes it."""
        return base64.b64encode(self.der).decode()


def make(*, name: str, now: datetime, ends_at: datetime) -> NewCertificate:
    """A new key and its certificate, good from now to `ends_at` (both aware). Takes a tenth of a second: use a thread.

    It starts at this very second, since a tenant's policy measures the whole life.
    """
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST_NAME])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return NewCertificate(
        private_key=SealedText(private_pem(private)),
        der=certificate.public_bytes(serialization.Encoding.DER),
        thumbprint=base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode(),
        starts_at=certificate.not_valid_before_utc,
        ends_at=certificate.not_valid_after_utc,
    )


def private_pem(private: rsa.RSAPrivateKey) -> str:
    """A private key as it is sealed."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
