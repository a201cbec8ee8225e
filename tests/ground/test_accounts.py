"""Operators' accounts: nobody signs up, guessing is slowed, nobody is locked out, second factors are sealed."""

from collections.abc import Iterator

import pytest
from allauth.mfa.adapter import get_adapter
from django.core.cache import cache
from django.test import Client

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.organizations.actions import create_operator, create_organization
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within_everything

ADDRESS, PASSWORD = "ann@sp2.example", "a long enough passphrase"


@pytest.fixture
def person(db: None) -> Iterator[None]:
    by = Actor.system("test")
    with within_everything("a test makes a person"):
        place = create_organization(kind=Kind.PROVIDER, name="Sp", short_name="sp2", parent_id=None, by=by)
        create_operator(
            email=ADDRESS, name="Ann", password=SealedText(PASSWORD), organization_id=place, role=Role.ADMIN, by=by
        )
    cache.clear()
    yield
    cache.clear()


def sign_in(password: str, *, address: str) -> bool:
    client = Client(REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": ADDRESS, "password": password})
    return answer.status_code == 302


def test_guessing_is_stopped_and_the_person_still_gets_in_from_elsewhere(person: None) -> None:
    for _ in range(5):
        assert not sign_in("wrong", address="192.0.2.66")
    assert not sign_in(PASSWORD, address="192.0.2.66")
    assert sign_in(PASSWORD, address="192.0.2.7")


def test_nobody_signs_up(person: None) -> None:
    given = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post("/accounts/signup/", given).status_code != 302


def test_second_factors_are_encrypted_at_rest() -> None:
    stored = get_adapter().encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DP" not in stored
    assert get_adapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"
