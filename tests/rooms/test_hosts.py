"""Host names: links begin with the nearest one above, ours are answered, and every other one is refused."""

import asyncio
from datetime import timedelta

import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.test import Client

from gangway.accounts import microsoft
from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import relinking
from gangway.organizations import former_hosts, host_proof, hosts, links, place_queries
from gangway.organizations.changing import take_out_of_use
from gangway.organizations.errors import HostNameTaken, InvalidHostName, NoSuchOrganization, WrongPlace
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within
from gangway.organizations.states import HostSeen
from tests.rooms.factories_invitations import issue, link
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_provider
from tests.rooms.factories_web import prove, sit_down, soup

pytestmark = pytest.mark.django_db
OWN = "http://localhost:8000"


def name(place, host):
    """Set a host name, and prove it as its owner does."""
    with within(place.path):
        hosts.set_host(place.id, name=host, by=SETUP)
        known = hosts.host_of(place.id)
    if known is not None:
        host_proof.end(known, HostSeen.RIGHT, now=clock.now())


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


def test_channel_that_is_deleted_gives_its_name_back(provider):
    channel = make_channel(provider)
    name(channel, "calls.example")
    with within(provider.path):
        take_out_of_use(organization_id=channel.id, by=SETUP)
        assert hosts.hosts_of(provider.id) == ()
        told = [entry.event for entry in activity(organization_path=channel.path, limit=2)]
    assert told == [Event.ORGANIZATION_REMOVED, Event.HOST_NAME_SET]
    assert hosts.organization_at("calls.example") is None
    other = make_provider()
    name(other, "calls.example")
    assert hosts.organization_at("calls.example") == other.id


def test_customers_have_none_and_strangers_reach_nobody_elses(provider):
    with pytest.raises(WrongPlace):
        name(make_customer(provider), "a.example")
    with within(provider.path), pytest.raises(NoSuchOrganization):
        hosts.set_host(make_provider().id, name="a.example", by=SETUP)


def test_change_is_written_down_once(provider):
    for _ in range(2):
        name(provider, "a.example")
    with within(provider.path):
        proved, row = [row for row in activity(organization_path=provider.path, limit=9) if "host_name" in row.event]
    assert [(change.before, change.after) for change in row.changes] == [("", "a.example")]
    assert proved.event == "organizations:host_name:proved"


def test_a_name_counts_only_once_it_is_proved(provider):
    with within(provider.path):
        hosts.set_host(provider.id, name="a.example", by=SETUP)
        before = hosts.host_of(provider.id)
    assert (hosts.public_url(provider.id), hosts.is_ours("a.example")) == (OWN, False)
    assert (before.record, before.text) == ("_gangway.a.example", f"gangway-host={before.token}")
    for seen in (HostSeen.NOTHING, HostSeen.OTHER, HostSeen.SILENCE):
        host_proof.end(before, seen, now=clock.now())
        assert not hosts.is_ours("a.example")
    host_proof.end(before, HostSeen.RIGHT, now=clock.now())
    assert (hosts.public_url(provider.id), hosts.is_ours("a.example")) == ("http://a.example:8000", True)


def test_of_two_who_claim_a_name_the_one_who_proves_it_has_it(provider):
    """Who only types it takes it from nobody; an old look can't prove a name that was set anew."""
    rival, waiting = make_provider(), {}
    for place in (rival, provider):
        with within(place.path):
            hosts.set_host(place.id, name="a.example", by=SETUP)
            waiting[place] = hosts.host_of(place.id)
    host_proof.end(waiting[provider], HostSeen.RIGHT, now=clock.now())
    host_proof.end(waiting[rival], HostSeen.RIGHT, now=clock.now())
    assert hosts.public_url(provider.id) == "http://a.example:8000"
    assert hosts.public_url(rival.id) == OWN
    with within(rival.path):
        hosts.set_host(rival.id, name="b.example", by=SETUP)
        earlier = hosts.host_of(rival.id)
        hosts.set_host(rival.id, name="", by=SETUP)
        hosts.set_host(rival.id, name="b.example", by=SETUP)
    host_proof.end(earlier, HostSeen.RIGHT, now=clock.now())
    assert not hosts.is_ours("b.example")


def vouch(settings, *names: str) -> None:
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"vouched_hosts": names})


def typed(place, name: str) -> bool:
    """Whether a name counts once this organization has typed it; it is taken away again."""
    with within(place.path):
        hosts.set_host(place.id, name=name, by=SETUP)
        counts = hosts.organization_at(name) == place.id
        hosts.set_host(place.id, name="", by=SETUP)
    return counts


def test_whoever_runs_the_server_vouches_for_a_name_of_one_provider_or_channel(provider, settings):
    """Else it would be whose who types it first."""
    form = {"name": "Harbour", "short_name": "Harbour", "contact-TOTAL_FORMS": "0", "contact-INITIAL_FORMS": "0"}
    page = sit_down(provider).post("/channels/add/", form, follow=True)
    assert "Harbour" in soup(page).select_one(".gw-facts code").get_text()
    with within(provider.path):
        own, (added,) = place_queries.place(provider.id).short_name, place_queries.places(Kind.CHANNEL).rows
        channel, other = Place(added.id, place_queries.place(added.id).path), make_provider()
    vouch(settings, f"A.example={own.upper()}", f"b.example={own}/harbour")
    counts = {name: [typed(place, name) for place in (other, channel, provider)] for name in ("a.example", "b.example")}
    assert counts == {"a.example": [False, False, True], "b.example": [False, True, False]}


def test_a_name_without_an_owner_counts_while_there_is_one_provider(provider, settings):
    vouch(settings, "a.example", "b.example")
    assert typed(provider, "a.example")
    make_provider()
    assert not typed(provider, "b.example")


class NameServer(asyncio.DatagramProtocol):
    """A name server that knows the TXT records it is given, and says nothing about one."""

    def __init__(self, records: dict[str, list[str]]) -> None:
        self.records = records

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        asked = dns.message.from_wire(data)
        host = asked.question[0].name.to_text(omit_final_dot=True)
        if host == "_gangway.silent.example":
            return
        answer = dns.message.make_response(asked)
        if host in self.records:
            texts = [f'"{text[:20]}" "{text[20:]}"' for text in self.records[host]]
            answer.answer.append(dns.rrset.from_text(f"{host}.", 60, "IN", "TXT", *texts))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


async def test_a_worker_reads_the_record_from_the_names_own_server(settings, monkeypatch):
    records = {
        "_gangway.right.example": ["v=spf1 -all", "gangway-host=" + "t" * 43],
        "_gangway.other.example": ["gangway-host=somebody-elses"],
    }
    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.create_datagram_endpoint(lambda: NameServer(records), ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"name_servers": (f"127.0.0.1:{port}",)})
    monkeypatch.setattr(host_proof, "PATIENCE", 0.5)
    seen = {
        each: await host_proof.look(hosts.Host(1, f"{each}.example", "t" * 43, None, None, HostSeen.NOT_YET))
        for each in ("right", "other", "nothing", "silent")
    }
    transport.close()
    assert seen == {
        "right": HostSeen.RIGHT,
        "other": HostSeen.OTHER,
        "nothing": HostSeen.NOTHING,
        "silent": HostSeen.SILENCE,
    }


def test_names_that_wait_are_looked_at_by_the_clock_and_no_others(provider):
    name(provider, "proved.example")
    channel = make_channel(provider)
    with within(channel.path):
        hosts.set_host(channel.id, name="waiting.example", by=SETUP)
        waiting = hosts.host_of(channel.id)
    assert host_proof.to_look_at(now=clock.now()) == [waiting.id]
    assert host_proof.to_look_at(now=clock.now() + timedelta(days=31)) == []
    assert host_proof.begin(waiting.id) == waiting


def test_only_known_host_names_are_answered(provider):
    page = "/accounts/login/"
    assert Client().get(page, headers={"host": "localhost"}).status_code == 200
    assert Client().get(page, headers={"host": "a.example"}).status_code == 400
    name(provider, "a.example")
    assert Client().get(page, headers={"host": "A.example:8000"}).status_code == 200
    for other in ("b.a.example", "example", "xa.example", "*", "", "=.example", "a.example.evil.example"):
        assert Client().get(page, headers={"host": other}).status_code == 400, other
    with within(provider.path):
        hosts.set_host(provider.id, name="", by=SETUP)
        hosts.forget_former_hosts(provider.id)
    assert Client().get(page, headers={"host": "a.example"}).status_code == 400


def test_form_on_an_own_host_comes_from_that_very_host(provider):
    name(provider, "a.example")
    name(make_provider(), "b.example")
    client = sit_down(provider)
    client.handler.enforce_csrf_checks = True
    shown = soup(client.get("/me/", headers={"host": "a.example"}))
    token = shown.select_one("[name=csrfmiddlewaretoken]")["value"]

    def post(origin):
        form, headers = {"csrfmiddlewaretoken": token}, {"host": "a.example", "origin": origin}
        return client.post("/accounts/logout/", form, headers=headers).status_code

    assert [post("http://b.example"), post("http://evil.example"), post("http://a.example")] == [403, 403, 302]


def test_sign_in_with_microsoft_comes_back_to_the_host_it_began_on(provider):
    name(provider, "a.example")
    backs = [microsoft.callback_url(host) for host in ("a.example:8000", "a.example", "localhost:8000", "evil.example")]
    assert [back.removesuffix("/accounts/microsoft/callback/") for back in backs] == ["http://a.example:8000"] * 2 + [
        OWN
    ] * 2


def answers(host):
    return Client().get("/", headers={"host": host}).status_code != 400


def test_a_former_name_is_answered_as_long_as_links_that_went_out_under_it_are_good(provider, monkeypatch):
    customer = make_customer(provider)
    name(provider, "old.example")
    invited = issue(customer)
    link(customer, invited)
    name(provider, "new.example")
    assert hosts.public_url(provider.id) == "http://new.example:8000"
    assert answers("old.example")
    with within(provider.path):
        assert hosts.hosts_of(provider.id) == ("new.example",)
        assert [each for each, _until in hosts.former_hosts_of(provider.id)] == ["old.example"]
        relinking.extend(invitation_id=invited, days=90, by=SETUP, now=clock.now())
    began = clock.now()
    for days, is_answered in ((29, True), (85, True), (93, False)):
        monkeypatch.setattr(clock, "now", lambda moment=began + timedelta(days=days): moment)
        former_hosts.look(now=clock.now())
        assert answers("old.example") is is_answered
    assert answers("new.example")


def test_a_name_that_is_taken_back_counts_at_once_and_a_removed_channels_is_free(provider):
    name(provider, "old.example")
    with within(provider.path):
        hosts.set_host(provider.id, name="new.example", by=SETUP)
        hosts.set_host(provider.id, name="old.example", by=SETUP)
    assert hosts.public_url(provider.id) == "http://old.example:8000"
    assert not answers("new.example"), "it was never proved"


def test_former_names_of_a_removed_channel_are_answered_no_longer(provider):
    channel = make_channel(provider)
    name(channel, "b.example")
    name(channel, "")
    assert answers("b.example")
    with within(provider.path):
        take_out_of_use(organization_id=channel.id, by=SETUP)
    assert not answers("b.example")


def test_a_former_name_goes_to_whoever_proves_that_it_is_theirs(provider):
    name(provider, "old.example")
    name(provider, "")
    assert hosts.organization_at("old.example") == provider.id
    other = make_provider()
    name(other, "old.example")
    assert hosts.organization_at("old.example") == other.id
    with within(provider.path):
        assert hosts.former_hosts_of(provider.id) == ()


def test_the_page_names_what_is_still_answered(provider):
    name(provider, "old.example")
    name(provider, "new.example")
    page = prove(sit_down(provider)).get(f"/settings/{provider.id}/host-name/")
    assert "old.example" in soup(page).select_one("#former").find_parent("section").get_text()
