"""Other people's clients sign in with the certificate and the tokens that we make."""

import base64
import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.microsoft.signin import certificates
from gangway.microsoft.signin.own_credentials import Federated, signed_by_issuer
from tests.emulator.assertions import Issuer, issuing
from tests.emulator.conftest import Emulator, daemon_app, running
from tests.emulator.test_judges_clients import Judge
from tests.emulator.test_login_proofs import graph_call, trust

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Issuer]]:
    """An emulator that trusts the authority of a running issuer."""
    with contextlib.ExitStack() as stack:
        issuer, authority = stack.enter_context(issuing(tmp_path_factory.mktemp("issuer")))
        emulator = stack.enter_context(running(tmp_path_factory.mktemp("court"), "--trust-ca", str(authority)))
        yield emulator, issuer


def test_msal_signs_in_with_our_certificate(place: tuple[Emulator, Issuer]) -> None:
    made = certificates.make(name="voice1", now=clock.now(), ends_at=clock.now() + timedelta(days=90))
    row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": made.key, "displayName": "voice1"}
    assert graph_call(place[0], "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[row]) == 204
    certificate = x509.load_der_x509_certificate(base64.b64decode(made.key))
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    sha1 = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - what MSAL calls thumbprint
    with Judge("msal_certificate.py", place[0]) as judge:
        judge.hear({"key": made.private_key.reveal(), "certificate": pem, "thumbprint": sha1})
        assert judge.says() == {"sha256": "Bearer", "sha1": "Bearer", "unknown": [700027]}


def test_msal_signs_in_with_our_tokens(place: tuple[Emulator, Issuer]) -> None:
    emulator, issuer = place
    trust(emulator, issuer)
    own = Federated(SealedText(issuer.keys.pem), "one", issuer.address, "gangway", "api://AzureADTokenExchange")
    other = Federated(own.private_key, own.key_id, own.issuer, "somebody else", own.audience)
    with Judge("msal_federated.py", emulator) as judge:
        tokens = {
            name: signed_by_issuer(one, now=clock.now()).reveal() for name, one in (("good", own), ("bad", other))
        }
        judge.hear(tokens)
        assert judge.says() == {"good": "Bearer", "bad": [700213]}
