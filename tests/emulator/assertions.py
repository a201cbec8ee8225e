"""Client assertions as clients make them, and an issuer of one's own with its keys on a loopback port."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from m365_emulator import tls

bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_paddings = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}


class KeyPair:
    """A key with its self-signed certificate."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        now = dt.datetime.now(dt.UTC)
        long_before = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(long_before)
            .not_valid_after(now + dt.timedelta(days=365))
            .sign(self.private, hashes.SHA256())
        )

    @property
    def der(self) -> str:
        """The certificate as Graph takes it: DER in base64."""
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def pem(self) -> str:
        """The private key, unencrypted, for clients that want it so."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def thumbprint(self, algorithm: hashes.HashAlgorithm) -> str:
        return encode(self.certificate.fingerprint(algorithm))

    def sign(self, claims: dict[str, Any], *, alg: str = "PS256", **header: str) -> str:
        """A compact JWT."""
        head = {"alg": alg, "typ": "JWT", **header}
        signed = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(claims).encode())}"
        return f"{signed}.{encode(self.private.sign(signed.encode(), _paddings[alg], hashes.SHA256()))}"

    def jwk(self, kid: str) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": kid,
            "n": encode(numbers.n.to_bytes(256)),
            "e": encode(numbers.e.to_bytes(3)),
        }


class Issuer:
    """An OpenID issuer with TLS: its address, its authority and what it has been asked."""

    def __init__(self, address: str, keys: KeyPair) -> None:
        self.address, self.keys = address, keys
        self.claimed = address
        self.asked: list[str] = []

    def token(self, **change: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "sub": "gangway",
            "aud": "api://AzureADTokenExchange",
            "iat": now,
            "exp": now + 600,
            **change,
        }
        return self.keys.sign(claims, alg="RS256", kid="one")

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        return {
            "/.well-known/openid-configuration": {"issuer": self.claimed, "jwks_uri": f"{self.address}/keys"},
            "/keys": {"keys": [self.keys.jwk("one")]},
        }.get(path)


@contextlib.contextmanager
def issuing(folder: Path) -> Iterator[tuple[Issuer, Path]]:
    """A running issuer, and the file of the authority that vouches for its certificate."""
    files = tls.prepare(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.issuer = Issuer(f"https://localhost:{server.server_port}", KeyPair())  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.issuer, files.authority  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.server.issuer.answer(self.path)  # type: ignore[attr-defined]
        body = json.dumps(found or {}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
