"""Host names: links begin with the nearest one above, ours are answered, and every other one is refused."""

import pytest
from django.test import Client

from gangway.accounts import microsoft
from gangway.audit.queries import activity
from gangway.foundation.sealed import SealedText
from gangway.invitations import links
from gangway.organizations import hosts
from gangway.organizations.errors import HostNameTaken, InvalidHostName, NoSuchOrganization, WrongPlace
from gangway.organizations.scope import within
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db
OWN = "http://localhost:8000"


def name(place, host):
    with within(place.path):
        return hosts.set_host(place.id, name=host, by=SETUP)


@pytest.fixture
def provider():
    return make_provider()


def test_link_begins_with_the_nearest_host_name_above(provider):
    channel = make_channel(provider)
    direct, resold = make_customer(provider), make_customer(channel)
    assert {hosts.public_url(place.id) for place in (provider, channel, direct, resold)} == {OWN}
    name(provider, "Connect.Sailmaker.example")
    assert {hosts.public_url(place.id) for place in (channel, resold)} == {"http://connect.sailmaker.example:8000"}
    name(channel, "calls.north.example")
    assert hosts.public_url(resold.id) == "http://calls.north.example:8000"
    assert hosts.public_url(direct.id) == "http://connect.sailmaker.example:8000"
    assert hosts.public_url(make_customer().id) == OWN
    link = links.url_of(SealedText("t" * 43), organization_id=resold.id)
    assert link.reveal() == f"http://calls.north.example:8000/i/{'t' * 43}"
    assert "ttt" not in repr(link)
    name(channel, "")
    assert hosts.public_url(resold.id) == "http://connect.sailmaker.example:8000"


@pytest.mark.parametrize(
    "typed",
    ["*", "*.sailmaker.example", ".sailmaker.example", "https://sailmaker.example", "sailmaker.example:8443",
     "sailmaker.example/x", "sailmaker", "10.0.0.1", "-a.example", "a b.example", "a.example\n.b",
     "a" * 300 + ".example"],
)  # fmt: skip
def test_what_is_no_plain_host_name_is_refused_at_its_field(provider, typed):
    with pytest.raises(InvalidHostName) as refused:
        name(provider, typed)
    assert refused.value.field == "host"


def test_host_name_leads_to_one_organization_only(provider):
    name(provider, "connect.sailmaker.example")
    with pytest.raises(HostNameTaken):
        name(make_provider(), "CONNECT.sailmaker.example")
    with pytest.raises(HostNameTaken):
        name(make_channel(provider), "connect.sailmaker.example")


def test_name_of_the_platform_itself_can_not_be_taken(provider, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"public_url": "https://gangway.example"})
    with pytest.raises(HostNameTaken):
        name(provider, "gangway.example")


def test_customers_have_none_and_strangers_reach_nobody_elses(provider):
    with pytest.raises(WrongPlace):
        name(make_customer(provider), "a.example")
    with within(provider.path), pytest.raises(NoSuchOrganization):
        hosts.set_host(make_provider().id, name="a.example", by=SETUP)


def test_change_is_written_down_once(provider):
    for _ in range(2):
        name(provider, "a.example")
    with within(provider.path):
        (row,) = [row for row in activity(organization_path=provider.path, limit=9) if "host_name" in row.event]
    assert [(change.before, change.after) for change in row.changes] == [("", "a.example")]


def test_only_known_host_names_are_answered(provider):
    page = "/accounts/login/"
    assert Client().get(page, headers={"host": "localhost"}).status_code == 200
    assert Client().get(page, headers={"host": "a.example"}).status_code == 400
    name(provider, "a.example")
    assert Client().get(page, headers={"host": "A.example:8000"}).status_code == 200
    for other in ("b.a.example", "example", "xa.example", "*", "", "=.example", "a.example.evil.example"):
        assert Client().get(page, headers={"host": other}).status_code == 400, other
    name(provider, "")
    assert Client().get(page, headers={"host": "a.example"}).status_code == 400


def test_form_on_an_own_host_comes_from_that_very_host(provider):
    name(provider, "a.example")
    name(make_provider(), "b.example")
    client = sit_down(provider)
    client.handler.enforce_csrf_checks = True
    token = client.get("/me/", headers={"host": "a.example"}).context["csrf_token"]

    def post(origin):
        form, headers = {"csrfmiddlewaretoken": str(token)}, {"host": "a.example", "origin": origin}
        return client.post("/accounts/logout/", form, headers=headers).status_code

    assert [post("http://b.example"), post("http://evil.example"), post("http://a.example")] == [403, 403, 302]


def test_sign_in_with_microsoft_comes_back_to_the_host_it_began_on(provider):
    name(provider, "a.example")
    backs = [microsoft.callback_url(host) for host in ("a.example:8000", "a.example", "localhost:8000", "evil.example")]
    assert [back.removesuffix("/accounts/microsoft/callback/") for back in backs] == ["http://a.example:8000"] * 2 + [
        OWN
    ] * 2
