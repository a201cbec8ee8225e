"""Pages of the account library that we don't offer are not there, for anybody."""

from __future__ import annotations

import pytest

from tests.rooms.factories_organizations import make_provider
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db

CLOSED = (
    "signup/",
    "email/",
    "confirm-email/",
    "confirm-email/abc:def/",
    "inactive/",
    "password/set/",
    "login/code/confirm/",
)
OPEN = (
    "login/",
    "password/reset/",
    "password/reset/done/",
    "sessions/",
    "2fa/",
    "password/change/",
    "reauthenticate/",
    "logout/",
)


@pytest.mark.parametrize("page", CLOSED)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_page_that_is_not_offered_is_not_there(client, page, verb):
    assert getattr(client, verb)(f"/accounts/{page}").status_code == 404


@pytest.mark.parametrize("page", OPEN)
def test_a_page_that_is_offered_is_there(client, page):
    assert client.get(f"/accounts/{page}").status_code in {200, 302}


@pytest.mark.parametrize("page", ["2fa/", "2fa/webauthn/", "2fa/totp/deactivate/", "password/change/", "sessions/"])
def test_a_signed_in_person_reaches_the_pages_of_their_account(page):
    assert sit_down(make_provider()).get(f"/accounts/{page}", follow=True).status_code == 200
