"""Who came in by a tenant that is trusted to ask for a second factor gives ours before it counts anywhere else."""

from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from gangway.accounts import actions, microsoft, rules
from gangway.accounts.microsoft import Who, tie
from gangway.foundation import clock
from gangway.foundation.ids import ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.organizations.actions import enroll_totp
from gangway.organizations.changing import change_details
from gangway.organizations.details import Details
from gangway.organizations.models import Operator
from gangway.organizations.queries import seat
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_microsoft import CONTOSO, prove_tenant
from tests.rooms.factories_organizations import SETUP, make_customer, make_operator

pytestmark = pytest.mark.django_db

ASKED = "/accounts/2fa/reauthenticate/"
GROUP = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def spared(settings, monkeypatch):
    """A browser of somebody with a second factor of ours, whom a trusting customer's tenant let in without it."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"people_client_id": str(uuid4())})
    cache.clear()
    place = make_customer()
    person = make_operator(place, role=Role.OPERATOR)
    issuer = f"https://login.microsoftonline.com/{CONTOSO}/v2.0"
    who = Who(TenantId(CONTOSO), ObjectId(str(uuid4())), "morgan@contoso.com", "Morgan", "", issuer)
    with within(place.path):
        row = rules.add_tenant(
            place.id, tenant_id=CONTOSO, cloud="public", does_second_factor=True, by=SETUP, now=clock.now()
        )
        prove_tenant(row, CONTOSO)
    tie(who, operator_id=person, by=SETUP, now=clock.now())
    with within_everything("test set-up"):
        enroll_totp(person, by=SETUP)
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: who)
    client = Client()
    client.post("/accounts/microsoft/")
    assert client.get("/accounts/microsoft/callback/", {"code": "c", "state": "s"}).headers["Location"] == "/"
    assert client.get("/services/").status_code == 200, "the tenant's word is enough where it is trusted"
    return client, person, place


def invited(person, monkeypatch, *, lists: bool = True, group: str = ""):
    """Another customer, who trusts nobody's tenant, invites the person, who accepts while signed in."""
    other, token = make_customer(), SealedText("t" * 43)
    monkeypatch.setattr(actions, "new_token", lambda: token)
    with within(other.path):
        if lists:
            rules.add_tenant(
                other.id, tenant_id=CONTOSO, cloud="public", does_second_factor=False, by=SETUP, now=clock.now()
            )
        details = Details(entra_group_id=group)
        change_details(organization_id=other.id, name="Fabrikam", details=details, by=SETUP)
        actions.invite_operator(
            email=Operator.objects.get(pk=person).email,
            name="",
            organization_id=other.id,
            role=Role.MONITOR,
            seat=seat(make_operator(other, role=Role.OPERATOR)),
            by=SETUP,
            now=clock.now(),
        )
    return other, f"/join/{token.reveal()}"


def test_an_organization_that_trusts_no_tenant_asks_for_the_second_factor_before_it_opens(spared, monkeypatch):
    client, person, home = spared
    _other, link = invited(person, monkeypatch)
    assert client.post(link, {"way": "account"}).headers["Location"] == "/"
    assert client.get("/services/?sort=name").headers["Location"] == f"{ASKED}?next=/services/%3Fsort%3Dname"
    assert client.post("/sign-in-rules/tenants/").headers["Location"].startswith(ASKED)
    part = client.get("/alarms/", headers={"HX-Request": "true", "Referer": "http://testserver/services/"})
    assert part.headers["HX-Redirect"] == f"{ASKED}?next=/services/"
    client.post("/me/organization/", {"organization": str(home.id)})
    assert client.get("/services/").status_code == 200, "where the tenant is trusted nothing has changed"


@pytest.mark.parametrize(("lists", "group"), [(False, ""), (True, GROUP)])
def test_an_organization_that_lets_nobody_in_that_way_does_not_open_by_an_invitation_either(
    spared, monkeypatch, lists, group
):
    client, person, _home = spared
    other, link = invited(person, monkeypatch, lists=lists, group=group)
    page = client.post(link, {"way": "account"}, follow=True)
    assert page.request["PATH_INFO"] == "/accounts/login/"
    assert "You have a role in Fabrikam now." in page.content.decode()
    client.post("/accounts/microsoft/")
    client.get("/accounts/microsoft/callback/", {"code": "c", "state": "s"})
    assert str(other.id) in client.session["shut_in"]


def test_who_gives_it_is_asked_no_more(spared, monkeypatch):
    client, person, _home = spared
    _other, link = invited(person, monkeypatch)
    client.post(link, {"way": "account"})
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.validate_totp_code", lambda _secret, code: code == "123456")
    assert client.post(f"{ASKED}?next=/services/", {"code": "654321"}).status_code == 200
    assert client.get("/services/").headers["Location"].startswith(ASKED)
    assert client.post(f"{ASKED}?next=/services/", {"code": "123456"}).headers["Location"] == "/services/"
    assert client.get("/services/").status_code == 200


@pytest.mark.parametrize("page", ["/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/deactivate/", "/accounts/2fa/"])
def test_no_second_factor_is_added_or_taken_away_by_somebody_who_has_not_given_theirs(spared, page):
    """Else whoever has the Microsoft account alone would give themselves one that counts everywhere."""
    client, _person, _home = spared
    assert client.get(page).headers["Location"].startswith(ASKED)
