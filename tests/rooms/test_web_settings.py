"""The settings at the desk: who opens them, what is kept, faults at their field, and nothing secret on a page."""

import pytest
from django.test import Client
from django.urls import reverse

from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.invitations.aims import Purpose
from gangway.notifications import sending
from gangway.notifications.models import Message
from gangway.notifications.states import Encryption, Finding
from gangway.onboarding import applications, provider_setup
from gangway.onboarding.defaults import Defaults, defaults_for
from gangway.onboarding.models import ApplicationCheck
from gangway.onboarding.shapes import Seen
from gangway.onboarding.states import CheckState, Verdict
from gangway.organizations import host_proof, hosts, place_queries
from gangway.organizations.actions import system
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.organizations.states import HostSeen
from gangway.web import words
from tests.rooms.factories_onboarding import CLIENT, HOME
from tests.rooms.factories_organizations import Place, make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, prove, sit_down, soup

pytestmark = pytest.mark.django_db
VALUE = "abC8Q~a-secret.value_of-the-web-client"
GIVEN = {
    "cloud": "public",
    "client_id": CLIENT,
    "home_tenant_id": HOME,
    "secret": VALUE,
    "secret_ends_on": "2031-05-31",
}


@pytest.fixture
def provider() -> Place:
    return make_provider(name="Sailmaker Voice")


@pytest.fixture
def client(provider) -> Client:
    return prove(sit_down(provider))


def at(name, place):
    return reverse(f"web:settings_{name}", args=[place.id])


def told(provider, cloud="public"):
    with within(provider.path):
        return applications.find(provider.id, cloud=cloud)


def test_settings_are_the_last_door_and_lead_a_providers_admin_to_their_own(client, provider):
    page = client.get("/settings/", follow=True)
    assert page.redirect_chain[-1][0] == reverse("web:settings_of", args=[provider.id])
    assert soup(page).select(".gw-nav nav a")[-1].get_text(strip=True) == "Settings"
    assert "None yet" in soup(page).get_text()


def test_admin_of_the_system_chooses_a_provider(provider):
    with within_everything("test"):
        root = system()
        path = place_queries.place(root).path
    client = sit_down(Place(root, path))
    assert soup(client.get("/settings/")).find("a", string="Sailmaker Voice")
    assert client.get(at("of", provider)).status_code == 200


def test_operators_and_strangers_open_nothing(provider):
    assert sit_down(provider, role=Role.OPERATOR).get("/settings/").status_code == 403
    foreign = make_provider()
    for name in ("of", "application", "mail", "hosts", "host", "plan", "application_state", "mail_state"):
        assert prove(sit_down(provider)).get(at(name, foreign)).status_code == 404, name


def test_change_of_the_application_asks_who_it_is_before_anything_is_typed(provider):
    client = sit_down(provider)
    for name in ("application_change", "host"):
        assert "/reauthenticate/" in client.get(at(name, provider)).url
    assert "/reauthenticate/" in client.post(at("application_change", provider), GIVEN).url
    assert told(provider) is None


def test_application_is_told_and_looked_at_and_its_secret_never_shown(client, provider):
    answer = client.post(at("application_change", provider), GIVEN)
    assert answer.url == at("application", provider) + "?cloud=public"
    about = told(provider)
    assert (about.client_id, about.secret_id is None, str(about.secret_ends_on)) == (CLIENT, False, "2031-05-31")
    page = client.get(answer.url)
    assert "A worker looks at it now" in soup(page).get_text()
    for shown in (page, client.get(at("application_change", provider)), client.get("/activity/")):
        assert VALUE not in shown.content.decode()


def test_faults_stand_at_their_fields_and_all_but_the_secret_stays_typed(client, provider):
    page = client.post(at("application_change", provider), GIVEN | {"home_tenant_id": "abc", "secret_ends_on": "soon"})
    assert "2027-05-31" in error_at(page, "secret_ends_on")
    page = client.post(at("application_change", provider), GIVEN | {"home_tenant_id": "abc"})
    assert "isn't an id" in error_at(page, "home_tenant_id")
    assert soup(page).select_one("#id_client_id")["value"] == CLIENT
    assert not soup(page).select_one("#id_secret").get("value")
    page = client.post(at("application_change", provider), GIVEN | {"secret": CLIENT})
    assert "not Secret ID" in error_at(page, "secret")
    assert told(provider) is None


def test_each_cloud_has_an_application_of_its_own(client, provider):
    client.post(at("application_change", provider) + "?cloud=gcc-high", GIVEN | {"cloud": "gcc-high"})
    assert (told(provider), told(provider, "gcc-high").client_id) == (None, CLIENT)
    assert "entra.microsoft.us" in client.get(at("application", provider) + "?cloud=gcc-high").content.decode()
    assert (
        "Microsoft has no cloud of this name"
        in client.get(at("application", provider) + "?cloud=mars").content.decode()
    )


def test_guide_lists_name_addresses_and_permissions_to_copy(client, provider, settings):
    known = {"public_url": "https://gangway.example", "vouched_hosts": ("connect.sailmaker.example",)}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=known)
    client.post(at("host", provider), {"host": "connect.sailmaker.example"})
    page = soup(client.get(at("application", provider)))
    values = {line["value"] for line in page.select(".gw-copyline input")}
    assert {"https://connect.sailmaker.example/wizard/returned/", "https://gangway.example/wizard/returned/"} <= values
    assert any(value.endswith("-token") for value in values)
    assert "RoleManagement.ReadWrite.Directory" in page.select_one("#scopes")["data-text"].split()


def test_check_appears_by_itself_and_then_stops(client, provider):
    client.post(at("application_change", provider), GIVEN)
    with within_everything("test"):
        check_id = ApplicationCheck.objects.get().pk
    state = at("application_state", provider)
    assert client.get(state).status_code == 200
    lines = [Seen("client", "Client id", Verdict.WRONG, "It is unknown.", "Compare it.")]
    provider_setup.end(check_id, lines, now=clock.now())
    answer = client.get(state)
    assert answer.status_code == 286
    assert "It is unknown. Compare it." in " ".join(soup(answer).get_text(" ", strip=True).split())
    assert "1 thing is wrong" in soup(client.get(at("of", provider))).get_text()
    client.post(at("application_check", provider), {"cloud": "public"})
    assert client.get(state).status_code == 200


def test_nothing_is_checked_before_anything_is_told(client, provider):
    page = client.post(at("application_check", provider), {"cloud": "public"}, follow=True)
    assert "Tell its client id first" in soup(page).get_text()


def test_secret_is_forgotten_by_a_named_question(client, provider):
    client.post(at("application_change", provider), GIVEN)
    page = soup(client.get(at("application", provider)))
    assert "Forget the secret of" in page.select_one("dialog h2").get_text()
    client.post(page.select_one("dialog form")["action"])
    assert told(provider).secret_id is None


def test_test_mail_goes_through_the_outbox_and_tells_how_it_went(client, provider, mailoutbox):
    for _ in range(2):
        client.post(at("mail_test", provider))
    with within_everything("test"):
        (message,) = Message.objects.all()
    assert "On its way" in soup(client.get(at("mail", provider))).get_text()
    sending.deliver(message.pk)
    assert (mailoutbox[0].to, "Sailmaker Voice" in mailoutbox[0].subject) == ([message.to], True)
    answer = client.get(at("mail_state", provider))
    assert (answer.status_code, "Taken by the mail server" in soup(answer).get_text()) == (286, True)


def test_reply_address_is_kept_and_a_wrong_one_told_at_its_field(client, provider):
    page = client.post(at("mail", provider), {"reply_to": "nobody"})
    assert error_at(page, "reply_to")
    assert soup(page).select_one("#id_reply_to")["value"] == "nobody"
    client.post(at("mail", provider), {"reply_to": "Help@Sailmaker.example"})
    with within(provider.path):
        assert place_queries.place(provider.id).details.reply_to == "help@sailmaker.example"


def test_host_names_of_provider_and_channels_are_set_on_pages_of_their_own(client, provider):
    channel = make_channel(provider, name="North")
    page = client.post(at("host", channel), {"host": "*.north.example"})
    assert "isn't a host name" in error_at(page, "host")
    assert soup(page).select_one("#id_host")["value"] == "*.north.example"
    page = soup(client.post(at("host", channel), {"host": "calls.north.example"}, follow=True))
    with within(channel.path):
        known = hosts.host_of(channel.id)
    assert [line["value"] for line in page.select(".gw-copyline input")] == [known.record, known.text]
    assert "Being looked at" in page.get_text()
    host_proof.end(known, HostSeen.OTHER, now=clock.now())
    assert "Another record" in soup(client.get(at("host_state", channel))).get_text()
    assert client.post(at("host_look", channel)).status_code == 302
    last = activity(organization_path=channel.path)[0]
    assert (last.event, last.data) == (Event.HOST_NAME_LOOK_ASKED.value, {"host": "calls.north.example"})
    host_proof.end(known, HostSeen.RIGHT, now=clock.now())
    assert hosts.public_url(make_customer(channel).id) == "http://calls.north.example:8000"
    assert "calls.north.example" in soup(client.get(at("hosts", provider))).get_text()
    for search, found in (("sail", ["Sailmaker Voice"]), ("nor", ["North"])):
        rows = soup(client.get(at("hosts", provider), {"q": search})).select("#list tbody th")
        assert [one.text for one in rows] == found
    assert not soup(client.get(at("host", channel))).select(".gw-copyline input")
    assert client.get(at("host", make_customer(provider))).status_code == 404


def test_own_hosts_tell_where_microsoft_sends_people_back_to(client, provider, settings):
    vouched = {"vouched_hosts": ("calls.sailmaker.example",)}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=vouched)
    client.post(at("host", provider), {"host": "calls.sailmaker.example"})
    assert not soup(client.get(at("hosts", provider))).select(".gw-copyline")
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"people_client_id": CLIENT})
    lines = [line["value"] for line in soup(client.get(at("hosts", provider))).select(".gw-copyline input")]
    assert lines == [
        f"http://calls.sailmaker.example:8000/accounts/microsoft/{end}/" for end in ("callback", "consented")
    ]


def test_new_services_begin_with_the_default_plan(client, provider):
    given = {"licence_type": "hosted_pro", "role_choice": "", "credential_kind": "certificate", "credential_days": "90"}
    page = client.post(at("plan", provider), given | {"credential_days": "9000"})
    assert error_at(page, "credential_days")
    assert client.post(at("plan", provider), given).url == at("of", provider)
    with within(provider.path):
        kept = defaults_for(provider.id)
    assert (kept.licence_type, kept.credential_kind, kept.credential_days) == ("hosted_pro", "certificate", 90)
    channel = make_channel(provider)
    customer = make_customer(channel)
    page = soup(sit_down(channel).get(reverse("web:new_tenant", args=[customer.id])))
    assert page.select_one("#licence_hosted_pro").has_attr("checked")
    assert page.select_one("#id_credential_kind option[selected]")["value"] == "certificate"
    assert page.select_one("#id_credential_days")["value"] == "90"
    assert kept != Defaults()


def test_installation_shows_facts_and_no_form(client, settings):
    update = {"egress_addresses": ("203.0.113.7",), "issuer_url": "https://issuer.example"}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=update)
    page = soup(client.get("/settings/installation/"))
    text = page.get_text(" ", strip=True)
    assert page.select_one("#egress-list")["value"] == "203.0.113.7"
    assert "https://issuer.example/.well-known/jwks.json" in text
    assert "Seals what is new" in text
    assert "PostgreSQL" in text
    assert page.select("main form") == []


def test_every_state_has_words():
    assert set(words.VERDICT) == {verdict.value for verdict in Verdict}
    assert set(words.VERDICT) == {finding.value for finding in Finding}
    assert set(words.ENCRYPTION) == {each.value for each in Encryption}
    assert set(words.PURPOSE) == {purpose.value for purpose in Purpose}
    assert set(words.LOOK) == {state.value for state in CheckState}
