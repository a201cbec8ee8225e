"""People sign in with Microsoft: a real code flow against the emulated Entra, and everything that must not pass."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client

from gangway.accounts import actions, microsoft, queries, rules
from gangway.accounts.models import Identity
from gangway.accounts.states import ClaimKind
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import IdentityRefused
from gangway.microsoft.signin import tokens
from gangway.organizations import people_queries, place_queries
from gangway.organizations.actions import enroll_totp
from gangway.organizations.changing import change_details
from gangway.organizations.models import Membership, Operator
from gangway.organizations.queries import seat
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from tests.emulator.conftest import Emulator, emulator_process
from tests.rooms.factories_microsoft import (
    CONTOSO,
    FABRIKAM,
    GRACE,
    GRAY,
    MONITOR_ROLE,
    MORGAN,
    OPERATOR_ROLE,
    Entra,
    prove_tenant,
    register,
)
from tests.rooms.factories_organizations import SETUP, make_customer, make_operator, make_provider
from tests.rooms.factories_web import prove, sit_down

__all__ = ["emulator_process"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def registered(emulator_process: Emulator) -> Entra:
    return register(emulator_process)


@pytest.fixture
def entra(registered: Entra, settings) -> Entra:
    found, emulator_process = registered, registered.emulator
    found.unassign_all()
    settings.GANGWAY = settings.GANGWAY.model_copy(
        update={
            "people_client_id": found.client_id,
            "cloud_login_url": emulator_process.url,
            "extra_ca_file": emulator_process.ca_file,
        }
    )
    cache.clear()
    return found


@pytest.fixture
def customer():
    """A customer who lets Contoso's people in: the app role Gangway.Operator gives the role Operator."""
    place = make_customer()
    allow(place, CONTOSO, {"Gangway.Operator": Role.OPERATOR, "Gangway.Monitor": Role.MONITOR})
    return place


def limit(place, group: str) -> None:
    with within(place.path):
        about = place_queries.place(place.id)
        details = replace(about.details, entra_group_id=group)
        change_details(organization_id=place.id, name=about.name, details=details, by=SETUP)


def allow(place, tenant: str, given: dict[str, Role], *, does_second_factor: bool = True, proved: bool = True) -> None:
    giver = seat(make_operator(place, role=Role.OPERATOR))
    with within(place.path):
        row = rules.add_tenant(
            place.id, tenant_id=tenant, cloud="public", does_second_factor=does_second_factor, by=SETUP, now=clock.now()
        )
        if proved:
            prove_tenant(row, tenant)
        for value, role in given.items():
            rules.map_role(row, kind=ClaimKind.APP_ROLE, value=value, role=role, seat=giver, by=SETUP)


def places_of(address: str) -> list[tuple[UUID, str]]:
    person = Operator.objects.get(email=address)
    found = seat(person.id)
    return [(place.organization_id, place.role.value) for place in found.places]


def consented(entra: Entra, place) -> dict[str, str]:
    """The customer's operator sends the administrator to Microsoft's consent page, who agrees."""
    client = sit_down(place, role=Role.OPERATOR)
    prove(client)
    page = client.get("/sign-in-rules/").content.decode()
    row = page.split("/sign-in-rules/tenants/")[1].split("/")[0]
    there = client.post(f"/sign-in-rules/tenants/{row}/consent/").headers["Location"]
    back = entra.agree(there)
    answer = client.get("/accounts/microsoft/consented/", back)
    assert "The tenant agreed" in answer.content.decode()
    return back


def test_a_customers_person_comes_in_by_their_app_role_at_the_first_sign_in(entra, customer):
    """In the original the first sign-in ends in *Login failed*."""
    assert consented(entra, customer)["admin_consent"] == "True"
    entra.assign(MORGAN, OPERATOR_ROLE)
    client = Client()
    answer = entra.sign_in(client, MORGAN)
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")
    assert client.get("/services/").status_code == 200
    assert places_of(MORGAN[0]) == [(customer.id, "operator")]


def test_a_tenant_counts_once_its_administrator_has_signed_in_for_it(entra):
    place = make_customer()
    allow(place, CONTOSO, {"Gangway.Operator": Role.OPERATOR}, proved=False)
    consented(entra, place)
    entra.assign(MORGAN, OPERATOR_ROLE)
    assert "nobody has proved yet" in entra.sign_in(Client(), MORGAN).content.decode()
    client = prove(sit_down(place, role=Role.OPERATOR))
    with within(place.path):
        (row,) = queries.tenants(place.id)
    for who, said in ((MORGAN, "administer the tenant"), (GRACE, "The tenant is proved")):
        there = client.post(f"/sign-in-rules/tenants/{row.id}/prove/").headers["Location"]
        page = client.get("/accounts/microsoft/callback/", entra.visit(there, who), follow=True)
        assert said in page.content.decode()
    assert entra.sign_in(Client(), MORGAN).status_code == 302


def test_a_role_that_came_from_entra_follows_it(entra, customer):
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    entra.unassign_all()
    entra.assign(MORGAN, MONITOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    assert places_of(MORGAN[0]) == [(customer.id, "monitor")]
    entra.unassign_all()
    client = Client()
    entra.sign_in(client, MORGAN)
    assert client.get("/services/").status_code == 403


def test_sign_up_is_closed_for_whom_nobody_let_in(entra, customer):
    answer = entra.sign_in(Client(), MORGAN)
    assert answer.status_code == 403
    assert "Nobody has let this Microsoft account in." in answer.content.decode()
    assert not Operator.objects.filter(email=MORGAN[0]).exists()


def test_another_tenants_people_do_not_come_in(entra, customer):
    answer = entra.sign_in(Client(), GRAY)
    assert answer.status_code == 403
    assert "belongs to a tenant that may not sign in here" in answer.content.decode()


def test_an_account_with_the_address_of_a_person_of_ours_is_not_that_person(entra, customer):
    """Addresses prove nothing: neither is somebody found by one, nor does a claim take one over."""
    person = make_operator(make_provider())
    Operator.objects.filter(pk=person).update(email=MORGAN[0])
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    answer = entra.sign_in(Client(), MORGAN)
    assert answer.status_code == 403
    assert not Identity.objects.exists()


def test_an_invited_person_comes_in_with_microsoft_instead_of_a_password(entra, customer, mailed_link):
    link = mailed_link(customer, email="somebody.else@contoso.example", role=Role.MONITOR)
    client = Client()
    there = client.post(link, {"way": "microsoft"}).headers["Location"]
    answer = client.get("/accounts/microsoft/callback/", entra.visit(there, GRACE))
    assert answer.status_code == 302
    assert client.get("/services/").status_code == 200
    assert places_of("somebody.else@contoso.example") == [(customer.id, "monitor")]
    assert not Operator.objects.get(email="somebody.else@contoso.example").has_usable_password()


def test_an_invitation_is_not_taken_up_by_an_account_of_another_tenant(entra, customer, mailed_link):
    allow(make_customer(), FABRIKAM, {})
    link = mailed_link(customer, email="somebody.else@contoso.example", role=Role.MONITOR)
    client = Client()
    there = client.post(link, {"way": "microsoft"}).headers["Location"]
    answer = client.get("/accounts/microsoft/callback/", entra.visit(there, GRAY))
    assert answer.status_code == 403
    assert not Operator.objects.filter(email="somebody.else@contoso.example").exists()


def test_our_own_second_factor_is_asked_for_unless_the_tenant_is_trusted(entra):
    place = make_customer()
    allow(place, CONTOSO, {"Gangway.Operator": Role.OPERATOR}, does_second_factor=False)
    consented(entra, place)
    entra.assign(MORGAN, OPERATOR_ROLE)
    client = Client()
    entra.sign_in(client, MORGAN)
    assert client.get("/services/").headers["Location"] == "/me/second-factor/"


def test_a_group_of_the_tenant_gives_a_role_as_an_app_role_does(entra):
    place, group = make_customer(), entra.group("voice-desk", MORGAN)
    allow(place, CONTOSO, {})
    giver = seat(make_operator(place, role=Role.OPERATOR))
    with within(place.path):
        (row,) = queries.tenants(place.id)
        rules.map_role(row.id, kind=ClaimKind.GROUP, value=group, role=Role.MONITOR, seat=giver, by=SETUP)
    assert entra.sign_in(Client(), MORGAN).status_code == 302
    assert places_of(MORGAN[0]) == [(place.id, "monitor")]


def test_only_members_of_the_organizations_group_come_in(entra, customer):
    """Else a tenant that serves several companies would let the people of all of them in."""
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    limit(customer, "99999999-0000-4000-8000-000000000009")
    answer = entra.sign_in(Client(), MORGAN)
    assert (answer.status_code, "in the group" in answer.content.decode()) == (403, True)
    assert not Operator.objects.filter(email=MORGAN[0]).exists()
    limit(customer, entra.group("gangway-people", MORGAN))
    assert entra.sign_in(Client(), MORGAN).status_code == 302
    assert places_of(MORGAN[0]) == [(customer.id, "operator")]


def test_who_left_the_group_comes_into_their_other_organizations_only(entra, customer):
    """A role that a person gave stays, but this way of signing in doesn't lead to it."""
    other = make_customer()
    allow(other, CONTOSO, {"Gangway.Operator": Role.MONITOR})
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    with within(customer.path):
        Membership.objects.update(from_entra=False)
    limit(customer, "99999999-0000-4000-8000-000000000009")
    client = Client()
    entra.sign_in(client, MORGAN)
    client.post("/me/organization/", {"organization": str(customer.id)})
    page = client.get("/me/").content.decode()
    with within_everything("a test compares names"):
        here, there = (place_queries.place(place.id).name for place in (customer, other))
    assert (here in page, there in page) == (False, True)


def test_where_a_group_decides_too_many_groups_are_told_in_clear_words(entra, customer, monkeypatch):
    """Entra then leaves the claim out: taking that for "in no group" would end somebody's role unasked."""
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    known = tokens.check_id_token

    async def told_of_too_many(*given, **more):
        return replace(await known(*given, **more), groups=frozenset(), groups_untold=True)

    monkeypatch.setattr("gangway.microsoft.signin.redirect.check_id_token", told_of_too_many)
    assert entra.sign_in(Client(), MORGAN).status_code == 302
    limit(customer, entra.group("gangway-people", MORGAN))
    answer = entra.sign_in(Client(), MORGAN)
    assert (answer.status_code, "so many groups" in answer.content.decode()) == (403, True)
    assert places_of(MORGAN[0]) == [(customer.id, "operator")]


def test_who_trusts_the_tenant_spares_nobody_the_second_factor_of_another_organization(entra, customer):
    """Anybody may list a tenant: the customer's word must not count for those who don't trust it."""
    careful = make_customer()
    allow(careful, CONTOSO, {"Gangway.Operator": Role.OPERATOR}, does_second_factor=False)
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    with within_everything("test set-up"):
        enroll_totp(Operator.objects.get(email=MORGAN[0]).id, by=SETUP)
    client = Client()
    assert entra.sign_in(client, MORGAN).headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/services/").headers["Location"].startswith("/accounts/login/")


def test_another_organizations_groups_keep_nobody_out_whose_groups_are_too_many(entra, customer, monkeypatch):
    """Only where a group decides nobody comes in: else whoever lists a tenant could lock its people out everywhere."""
    other = make_customer()
    allow(other, CONTOSO, {})
    limit(other, "99999999-0000-4000-8000-000000000009")
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    known = tokens.check_id_token

    async def told_of_too_many(*given, **more):
        return replace(await known(*given, **more), groups=frozenset(), groups_untold=True)

    monkeypatch.setattr("gangway.microsoft.signin.redirect.check_id_token", told_of_too_many)
    client = Client()
    assert entra.sign_in(client, MORGAN).status_code == 302
    assert places_of(MORGAN[0]) == [(customer.id, "operator")]
    with within(other.path):
        Membership.objects.create(
            operator=Operator.objects.get(email=MORGAN[0]),
            organization_id=other.id,
            role=Role.MONITOR.value,
            created_at=clock.now(),
        )
    entra.sign_in(client, MORGAN)
    assert client.session["shut_in"] == [str(other.id)]


def test_signing_in_ends_the_session_of_whoever_was_there_before(entra, customer):
    """Their session would be emptied by the library, and with it what is kept of this sign-in."""
    consented(entra, customer)
    entra.assign(MORGAN, OPERATOR_ROLE)
    client = sit_down(make_provider())
    assert entra.sign_in(client, MORGAN).status_code == 302
    assert client.session["shut_in"] == []
    assert client.session["second_factor_in"] == [str(customer.id)]


@pytest.fixture
def mailed_link():
    """Invite somebody and return the path of the link that is in their mail."""

    def invite(place, *, email: str, role: Role) -> str:
        giver = seat(make_operator(place, role=Role.OPERATOR))
        token = SealedText("t" * 43)
        with within(place.path), pytest.MonkeyPatch.context() as patched:
            patched.setattr(actions, "new_token", lambda: token)
            actions.invite_operator(
                email=email, name="", organization_id=place.id, role=role, seat=giver, by=SETUP, now=clock.now()
            )
        return f"/join/{token.reveal()}"

    return invite


# What must not pass


def begun(client: Client) -> dict[str, str]:
    query = parse_qs(urlsplit(client.post("/accounts/microsoft/").headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def test_every_sign_in_has_state_nonce_and_an_s256_challenge_of_its_own(entra):
    one, other = begun(Client()), begun(Client())
    assert one["code_challenge_method"] == "S256"
    assert one["response_type"] == "code"
    assert one["scope"] == "openid profile"
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) >= 43
        assert one[name] != other[name]


def test_the_policy_lets_the_forms_lead_to_microsofts_pages_and_nowhere_else(entra):
    """A browser asks the policy about where a form is redirected to, and would stop the sign-in at its first step."""
    policy = Client().get("/accounts/login/").headers["Content-Security-Policy"]
    (forms,) = [part.split() for part in policy.split("; ") if part.startswith("form-action")]
    assert forms == ["form-action", "'self'", entra.emulator.url]


def test_a_get_begins_nothing(entra):
    assert Client().get("/accounts/microsoft/").status_code == 405


def test_an_answer_in_another_browser_is_refused(entra, customer):
    there = Client().post("/accounts/microsoft/").headers["Location"]
    answer = Client().get("/accounts/microsoft/callback/", entra.visit(there, GRACE))
    assert answer.status_code == 403
    assert "could not be completed" in answer.content.decode()


def test_an_answer_with_another_state_is_refused(entra, customer):
    client = Client()
    there = client.post("/accounts/microsoft/").headers["Location"]
    back = entra.visit(there, GRACE)
    assert client.get("/accounts/microsoft/callback/", {**back, "state": "x" * 43}).status_code == 403
    assert client.get("/accounts/microsoft/callback/", back).status_code == 403  # the first answer used it up


def test_an_answer_after_ten_minutes_is_refused(entra, customer, monkeypatch):
    client = Client()
    there = client.post("/accounts/microsoft/").headers["Location"]
    back = entra.visit(there, GRACE)
    late = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr("gangway.web.views.microsoft.now", lambda: late)
    assert client.get("/accounts/microsoft/callback/", back).status_code == 403


def test_a_stolen_code_is_of_no_use_without_the_verifier(entra, customer):
    """PKCE: another browser's session has another verifier, and Entra itself refuses the code."""
    victim, thief = Client(), Client()
    back = entra.visit(victim.post("/accounts/microsoft/").headers["Location"], GRACE)
    state = begun(thief)["state"]
    answer = thief.get("/accounts/microsoft/callback/", {"code": back["code"], "state": state})
    assert answer.status_code == 403


def test_a_nonce_of_another_sign_in_is_refused(entra, customer):
    address, kept = microsoft.begin(now=clock.now())
    back = entra.visit(address, GRACE)
    with pytest.raises(IdentityRefused):
        microsoft.finish(
            {**kept, "nonce": "n" * 43}, state=back["state"], code=SealedText(back["code"]), now=clock.now()
        )


KEY = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": f"https://login.microsoftonline.com/{FABRIKAM}/v2.0"},
        {"iss": "https://evil.example/v2.0"},
        {"aud": "00000000-0000-4000-8000-000000000009"},
        {"exp": 1_600_000_000},
        {"tid": FABRIKAM},
        {},
    ],
    ids=["issuer of another tenant", "issuer of nobody", "another audience", "too old", "another tenant", "signature"],
)
def test_an_id_token_that_does_not_hold_is_refused(entra, customer, monkeypatch, change):
    """The right code, but a token with one thing wrong; the last one has all right but who signed it."""
    address, kept = microsoft.begin(now=clock.now())
    back = entra.visit(address, GRACE)
    monkeypatch.setattr("gangway.microsoft.signin.redirect.check_id_token", forging(change))
    with pytest.raises(IdentityRefused):
        microsoft.finish(kept, state=back["state"], code=SealedText(back["code"]), now=clock.now())


def forging(change: dict[str, object]):
    """Hand the check a token signed by a stranger under a known key id."""
    from gangway.microsoft.signin import tokens  # noqa: PLC0415  the real check, beside the patched name

    async def check(transport, cloud, token, *, client_id):
        claims = {**jwt.decode(token.reveal(), options={"verify_signature": False}), **change}
        kid = jwt.get_unverified_header(token.reveal())["kid"]
        forged = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": kid})
        return await tokens.check_id_token(transport, cloud, SealedText(forged), client_id=client_id)

    return check


def test_a_token_without_a_signature_is_refused(entra, customer, monkeypatch):
    address, kept = microsoft.begin(now=clock.now())
    back = entra.visit(address, GRACE)

    async def check(transport, cloud, token, *, client_id):
        from gangway.microsoft.signin import tokens  # noqa: PLC0415  likewise

        claims = jwt.decode(token.reveal(), options={"verify_signature": False})
        kid = jwt.get_unverified_header(token.reveal())["kid"]
        bare = jwt.encode(claims, None, algorithm="none", headers={"kid": kid})
        return await tokens.check_id_token(transport, cloud, SealedText(bare), client_id=client_id)

    monkeypatch.setattr("gangway.microsoft.signin.redirect.check_id_token", check)
    with pytest.raises(IdentityRefused):
        microsoft.finish(kept, state=back["state"], code=SealedText(back["code"]), now=clock.now())


def test_the_last_admin_by_entra_stays_until_somebody_else_is_one(entra):
    place = make_provider()
    first = make_operator(place)
    giver = seat(first)
    with within(place.path):
        row = rules.add_tenant(
            place.id, tenant_id=CONTOSO, cloud="public", does_second_factor=True, by=SETUP, now=clock.now()
        )
        prove_tenant(row, CONTOSO)
        rules.map_role(row, kind=ClaimKind.APP_ROLE, value="Gangway.Operator", role=Role.ADMIN, seat=giver, by=SETUP)
    client = sit_down(place)
    prove(client)
    there = client.post(f"/sign-in-rules/tenants/{row}/consent/").headers["Location"]
    entra.agree(there)
    entra.assign(MORGAN, OPERATOR_ROLE)
    entra.sign_in(Client(), MORGAN)
    with within(place.path):
        Membership.objects.exclude(operator__email=MORGAN[0]).delete()
    entra.unassign_all()
    entra.sign_in(Client(), MORGAN)
    person = people_queries.person_by_address(MORGAN[0])
    assert person is not None
    assert seat(person).role is Role.ADMIN
