"""The tenant of a domain: asked by a worker, told live, and what others have in it stays theirs."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import tenant_lookup
from gangway.onboarding.errors import NotADomain
from gangway.onboarding.models import TenantLookup
from gangway.onboarding.states import LookupState
from gangway.organizations.changing import change_tenants
from gangway.organizations.details import Tenant
from gangway.organizations.place_queries import place
from gangway.organizations.scope import within
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.queries import pin
from tests.emulator.conftest import Emulator
from tests.rooms import factories_services
from tests.rooms.factories_onboarding import later
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, sit_down, soup

pytestmark = pytest.mark.django_db

CONTOSO = "c0475050-0000-4000-8000-000000000001"


@pytest.fixture
def microsoft(process: Emulator, settings) -> Emulator:
    addresses = {"cloud_login_url": process.url, "cloud_graph_url": process.url, "extra_ca_file": process.ca_file}
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=addresses)
    return process


@pytest.fixture
def channel():
    return make_channel(make_provider())


@pytest.fixture
def customer(channel):
    return make_customer(channel, name="Contoso Bakeries")


def looked(customer: Place, domain: str) -> tenant_lookup.TenantFound:
    with within(customer.path):
        tenant_lookup.ask(customer_id=customer.id, domain=domain, now=clock.now())
    run_until_idle()
    with within(customer.path):
        found = tenant_lookup.found(customer_id=customer.id, domain=domain)
    assert found
    return found


def connect(customer: Place, short_name: str) -> None:
    """Let a service of this customer have a registration in Contoso's tenant."""
    service_id = factories_services.plan(customer, short_name=short_name)
    plan, _ = pin()
    with within(customer.path):
        registration = Registration.objects.create(
            organization_id=customer.id,
            provider_id=UUID(hex=customer.path.split("/")[1]),
            tenant_id=CONTOSO,
            tenant_name="Contoso Ltd",
            display_name=short_name,
            name_key=short_name,
            plan=plan,
            state="making",
            created_at=clock.now(),
        )
        Credential.objects.create(
            organization_id=customer.id,
            registration=registration,
            service_id=service_id,
            display_name=short_name,
            state="announced",
            announced_at=clock.now(),
        )


@pytest.mark.parametrize("typed", ["", "contoso", "grace@contoso.com", "contoso.com/x", "-a.com", "a..com", "x" * 300])
def test_what_is_no_domain_is_refused(customer, typed):
    with within(customer.path), pytest.raises(NotADomain):
        tenant_lookup.ask(customer_id=customer.id, domain=typed, now=clock.now())


def test_domains_of_any_script_are_written_as_microsoft_does():
    assert tenant_lookup.checked_domain(" Bücher.Example. ") == "xn--bcher-kva.example"


def test_a_worker_finds_the_tenant_of_a_domain(microsoft, customer):
    found = looked(customer, "Contoso.com")
    assert (found.state, found.tenant_id) == (LookupState.FOUND, CONTOSO)
    assert looked(customer, "nobody-has-this.example").state is LookupState.NOT_FOUND


def test_asking_again_asks_microsoft_only_when_it_was_long_ago(microsoft, customer, monkeypatch):
    looked(customer, "contoso.com")
    with within(customer.path):
        assert tenant_lookup.ask(customer_id=customer.id, domain="contoso.com", now=clock.now()).is_over
        with later(monkeypatch, 2 * 86400):
            again = tenant_lookup.ask(customer_id=customer.id, domain="contoso.com", now=clock.now())
    assert again.state is LookupState.ASKED


def test_nobody_answering_says_nothing_of_the_domain_and_is_tried_again(customer, settings, monkeypatch):
    silent = {"cloud_login_url": "https://127.0.0.1:9", "cloud_graph_url": "https://127.0.0.1:9"}
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=silent)
    assert looked(customer, "contoso.com").state is LookupState.FAILED
    with within(customer.path), later(monkeypatch, 120):
        again = tenant_lookup.ask(customer_id=customer.id, domain="contoso.com", now=clock.now())
    assert again.state is LookupState.ASKED


def test_connected_already_is_told_only_to_those_whose_service_it_is(microsoft, channel, customer):
    connect(make_customer(make_channel(make_provider())), "rival")
    own = sit_down(channel)
    assert (looked(customer, "contoso.com").here.services, looked(customer, "contoso.com").here.name) == ((), "")
    connect(make_customer(channel), "contoso-lab")
    page = own.get(reverse("web:tenant_state", args=[customer.id]), {"domain": "contoso.com"}).content.decode()
    assert "Contoso Ltd" in page
    assert "contoso-lab" in page
    assert "rival" not in page


def test_the_page_asks_while_somebody_types_and_follows_until_it_is_known(microsoft, channel, customer):
    client = sit_down(channel)
    ask, state = (reverse(f"web:tenant_{name}", args=[customer.id]) for name in ("ask", "state"))
    assert soup(client.post(ask, {"domain": "conto"})).get_text(strip=True) == ""
    first = soup(client.post(ask, {"domain": "contoso.com"}))
    assert first.select_one("[hx-get]")["hx-get"] == f"{state}?domain=contoso.com"
    run_until_idle()
    told = soup(client.get(state, {"domain": "contoso.com"}))
    assert CONTOSO in told.get_text()
    assert not told.select_one("[hx-get]")
    assert client.get(ask).status_code == 405


def test_the_domain_is_checked_at_its_field_and_kept_where_the_customer_has_none(channel, customer):
    client, address = sit_down(channel), reverse("web:new_tenant", args=[customer.id])
    typed = {"short_name": "contoso-hq", "licence_type": "hosted_pro", "licensed_users": "5", "send_link": "on"}
    typed |= {"recipient": "grace@contoso.com"}
    wrong = client.post(address, {**typed, "domain": "no domain"})
    assert "isn't a domain name" in error_at(wrong, "domain")
    with within(customer.path):
        assert TenantLookup.objects.count() == 0
    answer = client.post(address, {**typed, "domain": "contoso.com"})
    assert answer.status_code == 302, soup(answer).select(".errorlist")
    with within(customer.path):
        assert place(customer.id).details.domain == "contoso.com"
    other = client.post(address, {**typed, "short_name": "contoso-2", "domain": "contoso.de"})
    assert "This customer's Microsoft 365 domain is contoso.com. Leave that one" in error_at(other, "domain")
    with within(customer.path):
        change_tenants(organization_id=customer.id, tenants=[Tenant("", "contoso.de")], by=SETUP)
    assert client.post(address, {**typed, "short_name": "contoso-2", "domain": "Contoso.de"}).status_code == 302


def test_what_is_too_old_to_be_told_is_forgotten(customer):
    with within(customer.path):
        tenant_lookup.ask(customer_id=customer.id, domain="contoso.com", now=clock.now())
        tenant_lookup.forget(now=clock.now() + timedelta(days=1))
        assert tenant_lookup.found(customer_id=customer.id, domain="contoso.com")
        tenant_lookup.forget(now=clock.now() + timedelta(days=3))
        assert tenant_lookup.found(customer_id=customer.id, domain="contoso.com") is None
