"""The same Microsoft tenant below two resellers: their provider is told, they aren't told of one another."""

import pytest

from gangway.alarms import queries as alarms
from gangway.foundation import clock
from gangway.onboarding import tenants_twice
from gangway.organizations.changing import change_tenants
from gangway.organizations.scope import within, within_everything
from gangway.services.models import Service
from tests.rooms.factories_connections import TENANT, connected
from tests.rooms.factories_organizations import SETUP, add_tenant, make_channel, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db


def told(where) -> list[str]:
    tenants_twice.watch(now=clock.now())
    with within(where.path):
        return [row.words for row in alarms.alarms(kind="tenant_twice").rows]


def test_a_tenant_that_two_resellers_claim_is_an_alarm_of_the_provider_alone():
    provider = make_provider()
    one, other = make_channel(provider, name="Harbour"), make_channel(provider, name="Lighthouse")
    connected(make_customer(one, name="Contoso"))
    assert told(provider) == []
    claimed = make_customer(other, name="Contoso AG")
    add_tenant(claimed, tenant_id=TENANT)
    (words,) = told(provider)
    assert words == ("The same Microsoft tenant stands at Contoso (below Harbour) and Contoso AG (below Lighthouse).")
    assert told(one) == told(other) == []
    for channel, stranger in ((one, "Lighthouse"), (other, "Harbour")):
        assert stranger not in soup(sit_down(channel).get("/alarms/?state=all")).get_text()
    assert "Contoso AG" in soup(sit_down(provider).get("/alarms/")).get_text()
    with within_everything("a test"):
        change_tenants(organization_id=claimed.id, tenants=[], by=SETUP)
    tenants_twice.watch(now=clock.now())
    assert "Contoso AG" not in soup(sit_down(provider).get("/alarms/")).get_text()


def test_two_customers_of_one_reseller_and_of_two_providers_are_no_alarm():
    provider, rival = make_provider(), make_provider()
    channel = make_channel(provider)
    for where in (channel, channel, rival):
        add_tenant(make_customer(where), tenant_id=TENANT)
    assert told(provider) == told(rival) == []
    add_tenant(make_customer(provider, name="Direct"), tenant_id=TENANT)
    assert "Direct" in told(provider)[0]


@pytest.mark.parametrize("gone", [False, True])
def test_a_customer_that_left_one_reseller_for_another_is_no_alarm_once_its_service_is_gone(gone):
    provider = make_provider()
    left, now_at = make_customer(make_channel(provider)), make_customer(make_channel(provider))
    service_id = connected(left)
    connected(now_at, "voice-2")
    with within_everything("a test"):
        Service.objects.filter(pk=service_id).update(lifecycle="deleted" if gone else "deleting")
    assert bool(told(provider)) is not gone
    page = soup(sit_down(provider).get(f"/customers/{left.id}/")).get_text(" ", strip=True)
    assert ("As its connections say" in page) is not gone
