"""The platform as an issuer: keys, whose turn it is, and the two documents that everybody may read."""

import json
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as django_settings
from django.test import Client

from gangway.audit.record import Actor
from gangway.federation import actions, queries, turns
from gangway.federation.errors import NoIssuer
from gangway.federation.models import IssuerKey
from gangway.foundation import clock
from gangway.microsoft.signin.own_credentials import Federated, signed_by_issuer
from gangway.organizations.scope import within_everything
from gangway.vault.models import Sealed

pytestmark = pytest.mark.django_db
BY = Actor.system("a test")
HOST = "https://issuer.example.com"


@pytest.fixture
def issuer(settings) -> str:
    """The platform is an issuer."""
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update={"issuer_url": HOST})
    return HOST


def published() -> list[str]:
    return [key["kid"] for key in queries.published_keys(now=clock.now())["keys"]]


@pytest.mark.parametrize("path", [queries.CONFIGURATION, queries.KEYS])
def test_a_platform_that_is_no_issuer_says_so(path):
    answer = Client().get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "federation:issuer:missing"


def test_nobody_signs_for_a_platform_that_is_no_issuer():
    with pytest.raises(NoIssuer):
        actions.signer(purpose="a test", now=clock.now())


def test_the_configuration_names_issuer_keys_and_algorithm(issuer):
    found = Client().get(queries.CONFIGURATION).json()
    assert (found["issuer"], found["jwks_uri"]) == (issuer, f"{issuer}{queries.KEYS}")
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


def test_a_token_of_the_first_key_is_verified_with_what_is_published(issuer):
    key = actions.signer(purpose="a test", now=clock.now())
    own = Federated(key.private_key, key.key_id, key.issuer, "gangway-r1:x", "api://AzureADTokenExchange")
    token = signed_by_issuer(own, now=clock.now()).reveal()
    keys = jwt.PyJWKSet.from_dict(Client().get(queries.KEYS).json())
    claims = jwt.decode(token, keys[key.key_id].key, algorithms=["RS256"], audience=own.audience, issuer=issuer)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (own.subject, 300)


def test_only_public_halves_are_published(issuer):
    actions.ensure_key(now=clock.now())
    (key,) = Client().get(queries.KEYS).json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}


def test_documents_may_be_kept_for_some_minutes(issuer):
    assert Client().get(queries.KEYS)["Cache-Control"] == "public, max-age=300"


def test_the_first_key_is_made_once(issuer):
    for _ in range(2):
        actions.ensure_key(now=clock.now())
    assert len(queries.all_keys()) == 1


def test_without_an_issuer_no_key_is_made():
    actions.ensure_key(now=clock.now())
    assert queries.all_keys() == []


def test_the_next_key_is_published_a_day_before_it_signs(issuer):
    first = actions.signer(purpose="a test", now=clock.now()).key_id
    begins = actions.rotate_key(at_once=False, by=BY, now=clock.now())
    assert timedelta(hours=23) < begins - clock.now() <= turns.LEAD
    assert len(published()) == 2
    assert actions.signer(purpose="a test", now=clock.now()).key_id == first


def test_the_old_key_stays_until_no_token_of_it_can_live(issuer):
    now = clock.now()
    first = actions.signer(purpose="a test", now=now).key_id
    begins = actions.rotate_key(at_once=False, by=BY, now=now)
    second = actions.signer(purpose="a test", now=begins).key_id
    assert second != first
    kids = [key["kid"] for key in queries.published_keys(now=begins + timedelta(minutes=14))["keys"]]
    assert kids == [first, second]
    kids = [key["kid"] for key in queries.published_keys(now=begins + timedelta(minutes=16))["keys"]]
    assert kids == [second]


def test_a_key_that_others_may_have_is_withdrawn_at_once(issuer):
    first = actions.signer(purpose="a test", now=clock.now()).key_id
    actions.rotate_key(at_once=True, by=BY, now=clock.now())
    assert first not in published()
    assert actions.signer(purpose="a test", now=clock.now()).key_id == published()[0]


def test_private_halves_that_are_over_are_destroyed(issuer):
    now = clock.now()
    actions.ensure_key(now=now)
    actions.rotate_key(at_once=True, by=BY, now=now)
    actions.put_away(now=now)
    with within_everything("a test looks at the vault"):
        left = {row.pk: Sealed.objects.get(pk=row.sealed_id).ciphertext is None for row in IssuerKey.objects.all()}
    assert sorted(left.values()) == [False, True]


def test_no_private_key_is_in_the_rows(issuer):
    actions.ensure_key(now=clock.now())
    row = IssuerKey.objects.values().get()
    assert "PRIVATE" not in json.dumps(row, default=str)
