"""Whose tenant it is: known beforehand by a domain, else confirmed by the person who signs in and by the operator."""

from dataclasses import replace

import pytest
from django.urls import reverse

from gangway.foundation import clock
from gangway.onboarding import actions, tenant_lookup
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import CaseState, LookupState, OperatorStep, SignInState
from gangway.organizations.scope import within
from gangway.provisioning.leftover_list import StillThere, leftovers, open_for
from gangway.web.views import onboarding as views
from tests.rooms import factories_organizations, web_values
from tests.rooms.factories_onboarding import (
    OTHER_TENANT,
    TENANT,
    Microsoft,
    Walk,
    facts,
    register,
    signed_in,
    walk,
)
from tests.rooms.factories_web import error_at, in_wizard, sit_down, soup
from tests.rooms.test_tenant_lookup import connect

pytestmark = pytest.mark.django_db


def looked_up(walked: Walk, domain: str, tenant_id: str) -> None:
    """A worker has asked which tenant the domain belongs to."""
    with within(walked.customer.path):
        tenant_lookup.ask(customer_id=walked.customer.id, domain=domain, now=clock.now())
        row = tenant_lookup.TenantLookup.objects.get(domain=domain)
    tenant_lookup.end(row.pk, LookupState.FOUND, tenant_id)


def test_the_tenant_of_the_customers_domain_is_expected_before_anything_is_read_there():
    walked = walk(domain="contoso.com")
    looked_up(walked, "contoso.com", OTHER_TENANT)
    signed_in(walked, Microsoft(signer=AssertionError("nothing may be asked of Graph")))  # type: ignore[arg-type]
    assert walked.view().sign_in.state == SignInState.WRONG_TENANT
    with within(walked.customer.path):
        (left,) = leftovers().rows
        assert left.tenant_id == TENANT, "the sign-in application came there, too"
        assert (left.is_elsewhere, left.tenant_name, left.tenant) == (True, "", TENANT)
        assert "an account of another organization" in left.why
        assert "no more than its ID is known" in left.why
        assert open_for(left.service_id) == StillThere(here=0, elsewhere=1)


def test_a_tenant_of_others_is_called_as_it_was_read():
    walked = walk(domain="fabrikam.com")
    signed_in(walked, Microsoft())
    with within(walked.customer.path):
        (left,) = leftovers().rows
        assert (left.is_elsewhere, left.tenant) == (True, facts().tenant_name)
        assert f"Its domains: {', '.join(facts().domains[:3])}." in left.why


def test_a_tenant_that_nobody_read_is_called_as_a_registration_of_the_readers_scope_knows_it():
    walked = walk(domain="contoso.com")
    looked_up(walked, "contoso.com", OTHER_TENANT)
    signed_in(walked, Microsoft(signer=AssertionError("nothing may be asked of Graph")))  # type: ignore[arg-type]
    rival = factories_organizations.make_provider(name="Rival Voice")
    connect(factories_organizations.make_customer(rival), "theirs")
    with within(walked.provider.path):
        assert [left.tenant for left in leftovers().rows] == [TENANT], "what others know isn't told"
    connect(factories_organizations.make_customer(walked.provider, name="Another"), "ours")
    with within(walked.provider.path):
        (left,) = leftovers().rows
        assert (left.tenant, left.is_elsewhere) == ("Contoso Ltd", True)
    olga = sit_down(walked.provider)
    shown = soup(olga.get(reverse("web:leftovers"))).select_one("tbody tr").get_text(" ", strip=True)
    assert "In another organization's tenant: Contoso Ltd" in shown
    overview = soup(olga.get(reverse("web:service", args=[left.service_id]))).get_text(" ", strip=True)
    assert "signed in with an account of another organization" in overview
    assert "left in the customer's tenant" not in overview


def test_the_right_tenant_of_the_domain_is_let_in():
    walked = walk(domain="contoso.com")
    looked_up(walked, "contoso.com", TENANT)
    signed_in(walked)
    assert walked.view().state == CaseState.SIGNED_IN


def test_a_rival_that_names_a_customers_tenant_as_its_own_shuts_nobody_out():
    walked, rival = walk(domain="contoso.com"), factories_organizations.make_provider(name="Rival Voice")
    register(rival, home=facts().tenant_id)
    signed_in(walked)
    assert walked.view().step is Step.SIGNED_IN


def test_a_provider_never_connects_a_customer_with_its_own_tenant():
    walked = walk(domain="contoso.com")
    register(walked.provider, home=facts().tenant_id)
    signed_in(walked, Microsoft())
    assert walked.view().step is not Step.SIGNED_IN


def test_a_domain_that_nobody_has_looked_up_is_compared_with_the_tenants_own():
    walked = walk(domain="fabrikam.com")
    signed_in(walked, Microsoft())
    assert walked.view().sign_in.state == SignInState.WRONG_TENANT


@pytest.mark.parametrize(("domain", "asked"), [("", True), ("contoso.example", False)])
def test_without_a_domain_the_person_is_asked_to_look_closely(monkeypatch, domain, asked):
    case = web_values.case(Step.SIGNED_IN)
    case = replace(case, is_compared=bool(domain))
    text = soup(in_wizard(monkeypatch, case).get("/wizard/signed-in/")).get_text(" ", strip=True)
    assert ("did not tell us a domain" in text) is asked
    assert "Contoso Bakeries" in text


def test_a_tenant_that_the_customer_has_connected_already_is_told():
    walked = walk()
    connect(walked.customer, "first-one")
    signed_in(walked)
    assert walked.view().connected == ("first-one",)


def test_what_other_organizations_have_in_the_tenant_stays_hidden():
    walked, other = walk(), walk()
    connect(other.customer, "not-yours")
    beside = factories_organizations.make_customer(walked.provider)
    connect(beside, "neighbours")
    signed_in(walked)
    assert walked.view().connected == ()


def at_add(monkeypatch, **changes) -> str:
    view = web_values.onboarding(OperatorStep.REGISTRATION, **changes)
    monkeypatch.setattr(views, "onboarding", lambda _id: view)
    return reverse("web:onboarding_registration", args=[view.id])


def test_the_operator_confirms_the_tenant_before_anything_is_validated(monkeypatch):
    done: list[str] = []
    for name in ("confirm_tenant", "validate"):
        monkeypatch.setattr(actions, name, lambda name=name, **_given: done.append(name))
    client = sit_down(factories_organizations.make_provider())
    path = at_add(monkeypatch, asks_tenant=True, connected=("other-one",))
    page = client.get(path)
    assert "Is this the customer's tenant?" in soup(page).get_text()
    assert "other-one" in soup(page).get_text()
    answer = client.post(path, {})
    assert "Tick this only if you know" in error_at(answer, "is_theirs")
    assert done == []
    assert client.post(reverse("web:onboarding_check_again", args=[web_values.NIL])).headers["Location"] == path
    client.post(path, {"is_theirs": "on"})
    assert done == ["confirm_tenant", "validate"]


def test_where_a_domain_was_known_nothing_is_asked(monkeypatch):
    client = sit_down(factories_organizations.make_provider())
    page = client.get(at_add(monkeypatch))
    assert "Is this the customer's tenant?" not in soup(page).get_text()


def test_a_tenant_by_which_the_customer_is_not_known_leads_no_further(monkeypatch):
    client = sit_down(factories_organizations.make_provider())
    page = soup(client.get(at_add(monkeypatch, another_tenant="This tenant is not theirs.")))
    assert "This tenant is not theirs." in page.get_text()
    assert not page.select("main form button.btn-primary")
