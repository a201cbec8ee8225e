"""What a registration signs in with: the bytes of assertions, thumbprints, and what keys refuse."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gangway.foundation.ids import AppId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import KeyUnusable
from gangway.microsoft.signin import certificates
from gangway.microsoft.signin.own_credentials import (
    ASSERTION_TYPE,
    Certificate,
    Federated,
    Secret,
    form_of,
    proof_of_possession,
    signed_by_certificate,
    signed_by_issuer,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
APP = AppId("11111111-1111-4111-8111-111111111111")
URL = "https://login.example/t/oauth2/v2.0/token"
MADE = certificates.make(name="voice1-1234abcd", now=NOW, ends_at=NOW + timedelta(days=180))
OWN = Certificate(MADE.private_key, MADE.thumbprint)
TRUSTED = Federated(MADE.private_key, "key-1", "https://issuer.example", "gangway-r:1", "api://AzureADTokenExchange")
PUBLIC = x509.load_der_x509_certificate(MADE.der).public_key()
ANY_TIME = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def read(token: SealedText, algorithm: str, audience: str) -> tuple[dict, dict]:
    """Header and claims, once the signature holds."""
    text = token.reveal()
    claims = jwt.decode(text, PUBLIC, algorithms=[algorithm], audience=audience, options=ANY_TIME)  # type: ignore[arg-type]
    return jwt.get_unverified_header(text), claims


def test_a_secret_is_sent_as_it_is():
    assert form_of(Secret(SealedText("s")), app_id=APP, token_url=URL, now=NOW) == {"client_secret": "s"}


def test_a_certificate_signs_for_one_token_endpoint_for_five_minutes():
    header, claims = read(signed_by_certificate(OWN, app_id=APP, token_url=URL, now=NOW), "PS256", URL)
    assert (header["alg"], header["x5t#S256"], header["typ"]) == ("PS256", MADE.thumbprint, "JWT")
    assert (claims["iss"], claims["sub"]) == (APP, APP)
    assert (claims["nbf"], claims["exp"] - claims["nbf"]) == (int(NOW.timestamp()), 300)


def test_every_assertion_has_an_id_of_its_own():
    ids = {read(signed_by_issuer(TRUSTED, now=NOW), "RS256", TRUSTED.audience)[1]["jti"] for _ in range(3)}
    assert len(ids) == 3


def test_the_platforms_own_token_names_issuer_subject_and_key():
    header, claims = read(signed_by_issuer(TRUSTED, now=NOW), "RS256", TRUSTED.audience)
    assert (header["alg"], header["kid"]) == ("RS256", "key-1")
    assert (claims["iss"], claims["sub"]) == (TRUSTED.issuer, TRUSTED.subject)


def test_a_proof_of_possession_names_the_application_by_its_object():
    proof = proof_of_possession(OWN, application=ObjectId("object"), now=NOW)
    _, claims = read(proof, "RS256", "00000002-0000-0000-c000-000000000000")
    assert claims["iss"] == "object"


@pytest.mark.parametrize("own", [OWN, TRUSTED])
def test_what_signs_is_sent_as_an_assertion(own):
    form = form_of(own, app_id=APP, token_url=URL, now=NOW)
    assert set(form) == {"client_assertion_type", "client_assertion"}
    assert form["client_assertion_type"] == ASSERTION_TYPE


def test_the_thumbprint_is_sha256_of_the_certificate():
    digest = hashlib.sha256(MADE.der).digest()
    assert MADE.thumbprint == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_a_certificate_lives_exactly_as_long_as_was_asked_for():
    assert (MADE.starts_at, MADE.ends_at) == (NOW, NOW + timedelta(days=180))
    assert x509.load_der_x509_certificate(base64.b64decode(MADE.key)).not_valid_after_utc == MADE.ends_at


def test_a_long_name_still_makes_a_certificate():
    made = certificates.make(name="x" * 100, now=NOW, ends_at=NOW + timedelta(days=1))
    (name,) = x509.load_der_x509_certificate(made.der).subject
    assert name.value == "x" * 64


def test_the_private_key_belongs_to_the_certificate_and_shows_nowhere():
    key = load_pem_private_key(MADE.private_key.reveal().encode(), None)
    assert key.public_key() == PUBLIC
    assert "PRIVATE" not in repr((MADE, OWN, TRUSTED))


def test_a_key_that_is_none_is_told_without_a_word_of_it():
    with pytest.raises(KeyUnusable) as told:
        form_of(Certificate(SealedText("no key at all"), "t"), app_id=APP, token_url=URL, now=NOW)
    assert told.value.__cause__ is None
    assert "no key at all" not in str(told.value)
