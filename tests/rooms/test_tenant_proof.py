"""A tenant is somebody's own once one of its administrators has signed in for it: until then it decides nothing."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client

from gangway.accounts import actions, microsoft, queries, rules
from gangway.accounts.errors import OperatorInvitationOver, SignInClosed, TenantNotYours, TenantUnproved
from gangway.accounts.microsoft import Who, come_in, tie
from gangway.accounts.models import EntraTenant
from gangway.accounts.states import ClaimKind
from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.ids import ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.directory_roles import APPLICATION, CLOUD_APPLICATION, GLOBAL, PRIVILEGED_ROLE
from gangway.organizations import people, people_queries
from gangway.organizations.changing import take_out_of_use
from gangway.organizations.errors import NoSeat, NoSuchOrganization
from gangway.organizations.models import Membership
from gangway.organizations.people import give_role
from gangway.organizations.queries import seat
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within, within_everything
from gangway.web import second_step
from tests.rooms.factories_microsoft import CONTOSO, FABRIKAM, prove_tenant
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import prove, sit_down, soup

pytestmark = pytest.mark.django_db

EVERY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
OPERATOR_ROLE = "Gangway.Operator"


@pytest.fixture(autouse=True)
def offered(settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"people_client_id": str(uuid4())})
    cache.clear()


def account(tenant: str = CONTOSO, **more) -> Who:
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    about = Who(TenantId(tenant), ObjectId(str(uuid4())), "morgan@contoso.com", "Morgan", "", issuer)
    return replace(about, roles=frozenset({OPERATOR_ROLE}), **more)


def administrator(*wids: str, **more) -> Who:
    return replace(account(**more), username="grace@contoso.com", wids=frozenset({EVERY_MEMBER, *wids}))


def listed(place, tenant: str = CONTOSO, *, proved: bool = False, giver: Role = Role.OPERATOR):
    """The organization lists a tenant, maps its app role and trusts its second factor."""
    giver = seat(make_operator(place, role=giver))
    with within(place.path):
        row = rules.add_tenant(
            place.id, tenant_id=tenant, cloud="public", does_second_factor=True, by=SETUP, now=clock.now()
        )
        rules.map_role(row, kind=ClaimKind.APP_ROLE, value=OPERATOR_ROLE, role=Role.OPERATOR, seat=giver, by=SETUP)
        if proved:
            prove_tenant(row, tenant)
    return row


def arrive(who: Who):
    return come_in(who, address="", request_id="", now=clock.now())


def is_proved(row) -> bool:
    with within_everything("a test looks"):
        return queries.tenant(row).is_proved


def sign_in_for(client: Client, row, who: Who, monkeypatch) -> None:
    """*Prove that this tenant is yours*, all the way; what Microsoft's pages would tell is given."""
    assert client.post(f"/sign-in-rules/tenants/{row}/prove/").status_code == 302
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: who)
    answer = client.get("/accounts/microsoft/callback/", {"code": "a-code", "state": "a-state"})
    assert answer.headers["Location"] == "/sign-in-rules/"


def test_an_unproved_tenant_gives_nobody_a_role(monkeypatch):
    row = listed(make_customer())
    with pytest.raises(TenantUnproved):
        arrive(account())
    with pytest.raises(SignInClosed):
        arrive(replace(account(), roles=frozenset()))
    prove_by_scope(row)
    assert arrive(account()).is_trusted


def prove_by_scope(row) -> None:
    with within_everything("test set-up"):
        prove_tenant(row, CONTOSO)


def test_an_unproved_tenant_ends_nobodys_role():
    place = make_customer()
    row = listed(place, proved=True)
    who = account()
    arrive(who)
    with within(place.path):
        EntraTenant.objects.filter(pk=row).update(proved_at=None)
    with pytest.raises(TenantUnproved):
        arrive(replace(who, roles=frozenset()))
    with within(place.path):
        assert Membership.objects.filter(from_entra=True).exists(), "it waits, as nobody looks at the claim now"
    prove_by_scope(row)
    arrive(replace(who, roles=frozenset()))
    with within(place.path):
        assert not Membership.objects.filter(from_entra=True).exists()


def test_before_a_claim_gives_its_role_no_more_one_is_asked_by_both_names():
    customer = make_customer(make_provider())
    listed(customer)
    client = prove(sit_down(customer, role=Role.OPERATOR))
    asked = soup(client.get("/sign-in-rules/")).select_one('form[action$="/remove/"][action*="/roles/"]')
    assert asked.find_parent("dialog")
    assert asked.h2.get_text() == f"Let {OPERATOR_ROLE} give the role Operator no more?"
    client.post(asked["action"])
    assert OPERATOR_ROLE not in soup(client.get("/sign-in-rules/")).main.get_text()


def test_who_tied_an_account_comes_in_by_an_unproved_tenant_without_its_second_factor():
    place = make_customer()
    listed(place)
    person, who = make_operator(place, role=Role.OPERATOR), account()
    tie(who, operator_id=person, by=SETUP, now=clock.now())
    arrival = arrive(who)
    assert (arrival.operator_id, arrival.second_factor_in, arrival.is_trusted) == (person, (), False)


def test_what_one_organization_proved_another_proves_for_itself():
    first, second = make_customer(), make_customer()
    row, other = listed(first, proved=True), listed(second)
    person = arrive(account()).operator_id
    assert [place.organization_id for place in seat(person).places] == [first.id]
    prove_by_scope(other)
    assert (is_proved(row), is_proved(other)) == (True, True)


def test_removing_the_tenant_or_moving_it_to_another_cloud_removes_the_proof():
    place = make_customer()
    row = listed(place, proved=True)
    with within(place.path):
        rules.remove_tenant(row, seat=seat(make_operator(place, role=Role.OPERATOR)), by=SETUP)
    row = listed(place)
    assert not is_proved(row)
    prove_by_scope(row)
    with within(place.path):
        rules.add_tenant(
            place.id, tenant_id=CONTOSO, cloud="gcc-high", does_second_factor=True, by=SETUP, now=clock.now()
        )
    assert not is_proved(row)


@pytest.mark.parametrize("role", [GLOBAL, PRIVILEGED_ROLE, APPLICATION, CLOUD_APPLICATION])
def test_whoever_administers_the_tenant_proves_it(monkeypatch, role):
    place = make_customer()
    row = listed(place)
    client = prove(sit_down(place, role=Role.OPERATOR, name="Olga Operator"))
    assert "Nobody has proved yet" in client.get("/sign-in-rules/").content.decode()
    sign_in_for(client, row, administrator(role), monkeypatch)
    assert is_proved(row)
    page = " ".join(soup(client.get("/sign-in-rules/")).get_text().split())
    assert "Olga Operator asked, grace@contoso.com signed in." in page
    told = [entry for entry in activity(organization_path=place.path) if entry.event == Event.ENTRA_TENANT_PROVED]
    assert [entry.data["account"] for entry in told] == ["grace@contoso.com"]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (administrator(), "doesn't administer the tenant"),
        (administrator(GLOBAL, tenant=FABRIKAM), "belongs to another tenant"),
        (administrator(GLOBAL, home_issuer=f"https://sts.windows.net/{FABRIKAM}/"), "is a guest in the tenant"),
        (replace(administrator(), wids=frozenset()), "didn't tell which directory roles"),
    ],
    ids=["a member", "another tenant's", "a guest", "nobody knows"],
)
def test_nobody_else_proves_it(monkeypatch, who, said):
    place = make_customer()
    row = listed(place)
    client = prove(sit_down(place, role=Role.OPERATOR))
    sign_in_for(client, row, who, monkeypatch)
    assert said in soup(client.get("/sign-in-rules/")).get_text()
    assert not is_proved(row)


def test_it_is_proved_only_for_whoever_asked_lately_and_still_may(monkeypatch):
    place = make_customer()
    row = listed(place)
    asked = sit_down(place, role=Role.OPERATOR).post(f"/sign-in-rules/tenants/{row}/prove/")
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    client = prove(sit_down(place, role=Role.OPERATOR))
    client.post(f"/sign-in-rules/tenants/{row}/prove/")
    person = client.session["_auth_user_id"]
    with within(place.path):
        Membership.objects.filter(operator_id=person).update(role=Role.MONITOR.value)
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: administrator(GLOBAL))
    answer = client.get("/accounts/microsoft/callback/", {"code": "a-code", "state": "a-state"})
    assert answer.status_code == 403
    assert not is_proved(row)
    assert not list(get_messages(answer.wsgi_request))


def test_another_persons_browser_proves_nothing(monkeypatch):
    place = make_customer()
    row = listed(place)
    client = prove(sit_down(place, role=Role.OPERATOR))
    client.post(f"/sign-in-rules/tenants/{row}/prove/")
    session = client.session
    session["microsoft"] = {**session["microsoft"], "person": str(make_operator(place, role=Role.OPERATOR))}
    session.save()
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: administrator(GLOBAL))
    assert client.get("/accounts/microsoft/callback/", {"code": "c", "state": "s"}).status_code == 403
    assert not is_proved(row)


# How long a sign-in with Microsoft, and a role by it, is good


def signed_in(who: Who, monkeypatch, client: Client | None = None) -> Client:
    """Return the browser of whoever *Sign in with Microsoft* lets in; what Microsoft would tell is given."""
    client = client or Client()
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: who)
    client.post("/accounts/microsoft/")
    client.get("/accounts/microsoft/callback/", {"code": "c", "state": "s"})
    return client


def tied(place) -> tuple[Who, UUID]:
    """Somebody with a role that a person gave, and their Microsoft account."""
    person, who = make_operator(place), account()
    tie(who, operator_id=person, by=SETUP, now=clock.now())
    return who, person


def test_a_role_by_a_claim_counts_in_a_session_that_began_with_microsoft_and_in_no_other(monkeypatch):
    """A password of one's own, set by *Forgotten your password?*, would outlive the claim."""
    listed(make_customer(), proved=True)
    client = signed_in(account(), monkeypatch)
    assert client.get("/services/").status_code == 200
    by_password = Client()
    by_password.force_login(get_user_model().objects.get(pk=client.session["_auth_user_id"]))
    page = by_password.get("/services/")
    assert (page.status_code, "sign in with Microsoft" in page.content.decode()) == (403, True)
    assert soup(page).find("a", href="/accounts/logout/")


def test_that_somebody_else_lists_the_tenant_opens_nothing_here():
    ours, theirs = make_provider(), make_customer()
    row = listed(ours, giver=Role.ADMIN)
    below = make_customer(ours)
    who, person = tied(ours)
    with within(below.path):
        give_role(operator_id=person, organization_id=below.id, role=Role.MONITOR, by=SETUP)
    assert arrive(who).shut_in == ()
    listed(theirs)
    with within(ours.path):
        rules.remove_tenant(row, seat=seat(person), by=SETUP)
    with pytest.raises(TenantNotYours):
        arrive(who)
    (told, *_) = activity(organization_path=ours.path)
    assert (told.event, told.data["reason"]) == (Event.OPERATOR_SIGN_IN_FAILED.value, TenantNotYours.code)


def test_a_suspended_person_stays_so_when_the_claim_goes_and_comes_back():
    place = make_customer()
    listed(place, proved=True)
    who = account()
    person = arrive(who).operator_id
    boss = make_operator(place, role=Role.OPERATOR)
    with within(place.path):
        row = Membership.objects.get(operator_id=person)
        people.suspend(row.pk, by=SETUP, seat=seat(boss))
    for roles in (frozenset(), who.roles):
        arrive(replace(who, roles=roles))
    with pytest.raises(NoSeat):
        seat(person)


def test_a_session_that_does_not_tell_by_which_tenant_it_began_is_not_trusted(monkeypatch):
    place = make_customer()
    listed(place, proved=True)
    client = signed_in(account(), monkeypatch)
    session = client.session
    del session[second_step.TENANT]
    session.save()
    assert client.get("/services/").status_code < 500


def test_where_the_trust_ends_the_second_factor_is_asked_for_at_once(monkeypatch):
    place = make_customer()
    row = listed(place, proved=True)
    client = signed_in(account(), monkeypatch)
    assert client.get("/services/").status_code == 200
    with within(place.path):
        EntraTenant.objects.filter(pk=row).update(proved_at=None)
    assert client.get("/services/").headers["Location"] == "/me/second-factor/"


@pytest.mark.parametrize(("ago", "asked"), [(None, True), (timedelta(hours=2), True), (timedelta(seconds=5), False)])
def test_an_open_session_at_microsoft_is_no_proof_of_who_it_is(monkeypatch, ago, asked):
    place = make_customer()
    listed(place, proved=True)
    at = None if ago is None else clock.now() - ago
    client = signed_in(account(signed_in_at=at), monkeypatch)
    answer = client.get("/operators/invite/")
    assert (answer.headers.get("Location", "").startswith("/me/microsoft/again/"), answer.status_code) == (
        asked,
        302 if asked else 200,
    )


def test_who_gives_no_role_there_neither_removes_nor_proves_a_tenant():
    channel = make_channel(make_provider())
    customer = make_customer(channel)
    row = listed(customer)
    client = prove(sit_down(channel))
    for what in ("remove", "prove"):
        assert client.post(f"/sign-in-rules/tenants/{row}/{what}/").status_code != 302, what
    with within(customer.path):
        assert queries.tenants(customer.id)


def test_nobody_comes_in_by_an_organization_that_is_out_of_use(monkeypatch):
    """By a session, a role, a claim, a link that was mailed, or as somebody who is invited."""
    provider = make_provider()
    customer, token = make_customer(provider), SealedText("t" * 43)
    listed(customer, proved=True)
    monkeypatch.setattr(actions, "new_token", lambda: token)
    client = sit_down(customer, role=Role.OPERATOR)
    person = UUID(client.session["_auth_user_id"])
    UserSession.objects.create(
        user_id=person, session_key=client.session.session_key, ip="127.0.0.1", user_agent="", data={}
    )
    boss = seat(make_operator(provider))
    with within(provider.path):
        invitation = {"email": "new@contoso.com", "name": "", "organization_id": customer.id, "role": Role.MONITOR}
        actions.invite_operator(**invitation, seat=boss, by=SETUP, now=clock.now())
        take_out_of_use(organization_id=customer.id, by=SETUP)
        assert queries.pending_invitations(now=clock.now()) == ()
        assert customer.id not in [each.id for each in people_queries.places_to_invite(frozenset(Kind))]
        with pytest.raises(NoSuchOrganization):
            actions.invite_operator(**invitation, seat=boss, by=SETUP, now=clock.now())
    assert client.get("/services/").headers["Location"].startswith("/accounts/login/")
    with pytest.raises(NoSeat):
        seat(person)
    with pytest.raises(OperatorInvitationOver):
        queries.open_invitation(token, now=clock.now())
    with pytest.raises(TenantNotYours):
        arrive(account())


def test_a_session_that_is_over_ties_no_account_and_accepts_no_invitation(monkeypatch):
    place, other, token = make_customer(), make_customer(), SealedText("t" * 43)
    listed(place)
    client = prove(sit_down(place, role=Role.OPERATOR))
    person = get_user_model().objects.get(pk=client.session["_auth_user_id"])
    monkeypatch.setattr(actions, "new_token", lambda: token)
    with within(other.path):
        boss = seat(make_operator(other, role=Role.OPERATOR))
        actions.invite_operator(
            email=person.email,
            name="",
            organization_id=other.id,
            role=Role.MONITOR,
            seat=boss,
            by=SETUP,
            now=clock.now(),
        )
    who = account()
    monkeypatch.setattr(microsoft, "finish", lambda *_given, **_more: who)
    client.post("/me/microsoft/")
    session = client.session
    session["began"] = session["seen"] = clock.now().timestamp() - timedelta(hours=13).total_seconds()
    session.save()
    assert client.get("/accounts/microsoft/callback/", {"code": "c", "state": "s"}).status_code == 403
    assert not microsoft.is_tied(who, operator_id=person.pk)
    asked = client.post(f"/join/{token.reveal()}", {"way": "account"})
    assert asked.headers["Location"] == "/accounts/login/?next=/join/again/"
    assert [each.organization_id for each in seat(person.pk).places] == [place.id]
