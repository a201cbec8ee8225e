"""Who proves by Microsoft who they are must have signed in there just now: an open session there isn't enough."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.cache import cache

from gangway.accounts import microsoft
from gangway.accounts.microsoft import Who, tie
from gangway.foundation import clock
from gangway.foundation.ids import ObjectId, TenantId
from gangway.organizations.roles import Role
from tests.rooms.factories_microsoft import CONTOSO
from tests.rooms.factories_organizations import SETUP, make_customer
from tests.rooms.factories_web import sit_down
from tests.rooms.test_tenant_proof import listed

pytestmark = pytest.mark.django_db

NOW, LATELY, LONG_AGO = timedelta(), timedelta(minutes=4), timedelta(minutes=20)


@pytest.fixture
def somebody(settings):
    """The browser of somebody whose Microsoft account is tied."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"people_client_id": str(uuid4())})
    cache.clear()
    place = make_customer()
    listed(place)
    client = sit_down(place, role=Role.OPERATOR)
    issuer = f"https://login.microsoftonline.com/{CONTOSO}/v2.0"
    who = Who(TenantId(CONTOSO), ObjectId(str(uuid4())), "olga@contoso.com", "Olga", "", issuer)
    tie(who, operator_id=client.session["_auth_user_id"], by=SETUP, now=clock.now())
    return client, who


def answered(client, who, monkeypatch, *, issued, signed_in):
    """*Sign in with Microsoft again*, and Microsoft's answer; both times are before the button was pressed."""
    begun = client.post("/me/microsoft/again/", {"next": "/sign-in-rules/"})
    at = clock.now()

    async def redeem(*_given):
        return Who(
            **{name: getattr(who, name) for name in ("tenant_id", "object_id", "username", "name", "home_issuer")},
            issuer=who.issuer,
            issued_at=at - issued,
            signed_in_at=None if signed_in is None else at - signed_in,
        )

    monkeypatch.setattr(microsoft, "_redeem", redeem)
    state = client.session["microsoft"]["state"]
    return begun, client.get("/accounts/microsoft/callback/", {"code": "a-code", "state": state})


def test_microsoft_is_asked_to_ask_for_the_password(somebody, monkeypatch):
    client, who = somebody
    begun, _answer = answered(client, who, monkeypatch, issued=NOW, signed_in=NOW)
    asked = parse_qs(urlsplit(begun.headers["Location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


@pytest.mark.parametrize(
    ("issued", "signed_in", "good"),
    [
        (NOW, NOW, True),
        (LATELY, LATELY, True),
        (NOW, LONG_AGO, False),
        (LATELY, None, True),
        (LONG_AGO, None, False),
    ],
    ids=["just now", "clocks differ", "an old session", "not told when", "an old token"],
)
def test_an_old_session_at_microsoft_is_no_proof(somebody, monkeypatch, issued, signed_in, good):
    client, who = somebody
    _begun, answer = answered(client, who, monkeypatch, issued=issued, signed_in=signed_in)
    assert answer.status_code == (302 if good else 403)
    assert ("ask for your password again" in answer.content.decode()) is not good
    removed = client.post("/sign-in-rules/second-factor/", {"rule": "required"})
    assert removed.headers["Location"].startswith("/sign-in-rules/" if good else "/accounts/")
