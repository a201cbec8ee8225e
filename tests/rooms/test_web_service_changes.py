"""Users & licences, the service's own activity, and the Danger zone, as browsers meet them."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from gangway.connections.actions import connect_service, suspend
from gangway.connections.handing import tokens_forbidden
from gangway.connections.queries import connection
from gangway.connections.states import SuspendedWhy
from gangway.invitations.standing import open_for_connection
from gangway.onboarding.deletion import Deletion
from gangway.organizations import changing
from gangway.organizations.details import Bounds
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within
from gangway.provisioning.leaving import Going, Leaving, Left
from gangway.services import actions as services
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from gangway.web.views import service_changes
from tests.rooms import factories_services
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, prove, row, sit_down, soup
from tests.rooms.web_values import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def customer(provider):
    return make_customer(make_channel(provider), name="Contoso Bakeries")


@pytest.fixture
def service_id(customer):
    made = factories_services.plan(customer, short_name="contoso-hq", users=25)
    with within(customer.path):
        services.create_service(service_id=made, by=SETUP)
    return made


@pytest.fixture
def client(provider):
    return sit_down(provider)


def at(name, service_id):
    return reverse(f"web:service_{name}", args=[service_id])


def tabs(answer):
    return [link.get_text(strip=True) for link in soup(answer).select(".gw-tabs a")]


def life(customer, service_id):
    with within(customer.path):
        return service(service_id).lifecycle


def test_users_are_changed_and_the_pool_left_is_shown(provider, customer, client, service_id):
    with within(provider.path):
        changing.change_bounds(organization_id=provider.id, bounds=Bounds(users=100), by=SETUP)
    page = client.get(at("users", service_id))
    assert "Hosted Pro" in soup(page).get_text()
    assert soup(page).select_one("#id_licensed_users")["value"] == "25"
    answer = client.post(at("users", service_id), {"licensed_users": "40"}, follow=True)
    assert "contoso-hq has 40 licensed users now." in soup(answer).get_text()
    facts = {
        dt.get_text(strip=True): dt.find_next_sibling("dd").get_text(strip=True) for dt in soup(answer).select("dt")
    }
    assert (facts["Acquired"], facts["In use"]) == ("100", "40")


def test_the_providers_pool_is_shown_to_its_own_people_only(provider, customer, client, service_id):
    channel = make_channel(provider)
    below = factories_services.plan(make_customer(channel))
    theirs = sit_down(customer, role=Role.OPERATOR).get(at("users", service_id))
    assert soup(client.get(at("users", service_id))).select_one("#pool")
    for answer in (theirs, sit_down(channel).get(at("users", below))):
        assert answer.status_code == 200
        assert soup(answer).select_one("#pool") is None
        assert "licenses in use" not in soup(answer).get_text()


def test_another_providers_service_is_not_there_when_its_credentials_are_to_be_replaced(service_id):
    assert prove(sit_down(make_provider())).post(at("replace", service_id)).status_code == 404


@pytest.mark.parametrize("typed", ["0", "501", "many", ""])
def test_a_wrong_number_stands_at_its_field_and_is_kept(client, service_id, typed):
    answer = client.post(at("users", service_id), {"licensed_users": typed})
    assert "1 to 500" in error_at(answer, "licensed_users")
    assert soup(answer).select_one("#id_licensed_users").get("value", "") == typed


def test_more_than_the_pool_has_is_refused_at_the_field(provider, client, service_id):
    with within(provider.path):
        changing.change_bounds(organization_id=provider.id, bounds=Bounds(users=30), by=SETUP)
    answer = client.post(at("users", service_id), {"licensed_users": "300"})
    assert "licensed users left" in error_at(answer, "licensed_users")


def test_the_services_own_activity_is_paged(client, service_id, monkeypatch):
    monkeypatch.setattr("gangway.web.views.service_portal.AT_ONCE", 1)
    first = soup(client.get(at("activity", service_id)))
    assert len(first.select(".gw-timeline li")) == 1
    older = client.get(at("activity", service_id) + first.select_one("a[rel=next]")["href"])
    assert soup(older).select(".gw-timeline li") != first.select(".gw-timeline li")
    assert "Newest" in soup(older).get_text()


def test_the_danger_zone_is_for_those_who_may_delete(provider, customer, client, service_id):
    assert "Danger zone" in tabs(client.get(at("users", service_id)))
    for other in (sit_down(customer, role=Role.OPERATOR), sit_down(provider, role=Role.MONITOR)):
        assert "Danger zone" not in tabs(other.get(reverse("web:service", args=[service_id])))
        assert prove(other).post(at("delete", service_id), {"typed": "contoso-hq"}).status_code == 403
    assert life(customer, service_id) is Lifecycle.CREATED


def test_a_resellers_admin_deletes_nothing(provider, service_id, customer):
    channel = make_channel(provider)
    mine = make_customer(channel)
    with within(mine.path):
        made = factories_services.plan(mine)
    admin = prove(sit_down(channel))
    assert admin.get(at("danger", made)).status_code == 403
    assert admin.post(at("delete", made), {"typed": "x"}).status_code == 403


def test_deleting_asks_who_it_is_before_the_name_is_typed(client, service_id):
    answer = client.get(at("delete", service_id))
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]


def test_another_name_is_refused_at_its_field(customer, client, service_id):
    answer = prove(client).post(at("delete", service_id), {"typed": "contoso-h"})
    assert "This isn't the short name of the service." in error_at(answer, "typed")
    assert soup(answer).select_one("#id_typed")["value"] == "contoso-h"
    assert life(customer, service_id) is Lifecycle.CREATED


def test_a_created_service_is_suspended_and_can_be_kept(customer, client, service_id):
    answer = prove(client).post(at("delete", service_id), {"typed": "contoso-hq"}, follow=True)
    assert life(customer, service_id) is Lifecycle.LEAVING
    assert "will be deleted" in soup(answer).get_text()
    assert "Will be deleted" in row(client.get(reverse("web:services")), "contoso-hq").get_text()
    assert "Users & licences" not in tabs(answer)
    answer = client.post(at("keep", service_id), follow=True)
    assert life(customer, service_id) is Lifecycle.CREATED
    assert "contoso-hq is kept" in soup(answer).get_text()


def test_what_can_not_be_kept_any_more_says_so(customer, client, service_id):
    answer = client.post(at("keep", service_id), follow=True)
    assert "has changed in the meantime" in soup(answer).get_text()


GOING = Going(
    registration_id=UUID(int=1),
    name="gw-contoso",
    app_id="a0000000-0000-4000-8000-000000000001",
    tenant_id="c0475050-0000-4000-8000-000000000001",
    tenant_name="Contoso Ltd",
    is_ours=True,
    others=(),
    credentials=("contoso-hq 1",),
    typed=(),
)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ["Contoso Ltd", "Goes", "no other service uses it", "thirty days"]),
        ({"typed": ("typed in",)}, ["Credential typed in", "it goes with the App registration"]),
        ({"others": ("contoso-lab",)}, ["Stays", "Still used by contoso-lab."]),
        (
            {"others": ("contoso-lab",), "others_go": True},
            ["Goes", "deleted as well: contoso-lab. It goes with the last of them, unless one is kept."],
        ),
        (
            {"is_ours": False, "credentials": (), "typed": ("typed in",)},
            ["The customer made it", "Our copy is destroyed."],
        ),
    ],
)
def test_what_goes_and_what_stays_is_said_beforehand(client, service_id, monkeypatch, changed, told):
    found = Deletion(replace(GOING, **changed), Left(Leaving.NOT_BEGUN))
    monkeypatch.setattr(service_changes, "deletion", lambda _id: found)
    text = soup(client.get(at("danger", service_id))).get_text(" ", strip=True)
    assert [words for words in told if words not in text] == []
    assert ("thirty days" in text) == found.going.goes


def test_what_has_begun_already_is_not_told_as_what_will_come(customer, client, service_id, monkeypatch):
    found = Deletion(GOING, Left(Leaving.NOT_BEGUN))
    monkeypatch.setattr(service_changes, "deletion", lambda _id: found)
    assert (
        "At once, the connection to Contoso Ltd is suspended" in soup(client.get(at("danger", service_id))).get_text()
    )
    with within(customer.path):
        services.begin_leaving(service_id=service_id, until=NOW, by=SETUP)
    text = soup(client.get(at("danger", service_id))).get_text()
    assert "The connection to Contoso Ltd is suspended." in text
    assert "At once" not in text


def test_what_is_stuck_says_what_a_person_does(customer, client, service_id, monkeypatch):
    with within(customer.path):
        services.begin_leaving(service_id=service_id, until=NOW, by=SETUP)
        services.begin_deletion(service_id=service_id, by=SETUP)
    found = Deletion(GOING, Left(Leaving.STUCK, UUID(int=2)))
    monkeypatch.setattr(service_changes, "deletion", lambda _id: found)
    links = {link.get_text(strip=True) for link in soup(client.get(at("danger", service_id))).select("main section a")}
    assert links == {"Show what is left", "Show the run", "Ask the customer to sign in", "Try again"}


def test_a_planned_service_is_given_up(customer, client):
    planned = factories_services.plan(customer, short_name="contoso-lab")
    assert "only planned" in soup(client.get(at("danger", planned))).get_text()
    answer = prove(client).post(at("delete", planned), {"typed": "contoso-lab"}, follow=True)
    assert "contoso-lab is given up; its name is free again." in soup(answer).get_text()
    assert life(customer, planned) is Lifecycle.ABANDONED


def test_the_list_shows_deleted_services_when_they_are_asked_for(customer, client, service_id):
    with within(customer.path):
        services.begin_leaving(service_id=service_id, until=NOW, by=SETUP)
        services.begin_deletion(service_id=service_id, by=SETUP)
        services.end_deletion(service_id=service_id, by=SETUP)
    assert "contoso-hq" not in client.get(reverse("web:services")).content.decode()
    assert "Deleted" in row(client.get(reverse("web:services"), {"status": "deleted"}), "contoso-hq").get_text()
    assert "Nothing of ours is known to be left" in soup(client.get(at("danger", service_id))).get_text()


def test_names_are_changed_by_the_rules_and_found_under_the_new_ones(client, service_id, customer):
    factories_services.plan(customer, short_name="taken")
    answer = client.post(at("names", service_id), {"full_name": "Headquarters", "short_name": "TAKEN"})
    assert "already has this short name" in error_at(answer, "short_name")
    assert soup(answer).select_one("#id_full_name")["value"] == "Headquarters"
    answer = client.post(at("names", service_id), {"full_name": "", "short_name": "contoso-new"}, follow=True)
    assert "The service is called contoso-new now." in soup(answer).get_text()
    assert row(client.get(reverse("web:services"), {"q": "contoso-new"}), "contoso-new")


def test_a_licence_is_changed_with_its_users_within_the_pool(provider, client, service_id):
    with within(provider.path):
        changing.change_bounds(organization_id=provider.id, bounds=Bounds(users=30), by=SETUP)
    page = soup(client.get(at("upgrade", service_id)))
    assert page.select_one("[name=licence_type][checked]")["value"] == "hosted_essentials_plus"
    wanted = {"licence_type": "hosted_essentials_plus", "licensed_users": "300"}
    assert "licensed users left" in error_at(client.post(at("upgrade", service_id), wanted), "licensed_users")
    assert "Hosted Pro" in soup(client.get(at("users", service_id))).get_text()
    answer = client.post(at("upgrade", service_id), wanted | {"licensed_users": "20"}, follow=True)
    assert "contoso-hq is changed to Hosted Essentials+." in soup(answer).get_text()
    again = client.post(at("upgrade", service_id), wanted)
    assert "Invalid change for License Type" in soup(again).get_text()
    up = {"licence_type": "hosted_pro", "licensed_users": "20"}
    assert "contoso-hq is upgraded." in soup(client.post(at("upgrade", service_id), up, follow=True)).get_text()


def test_a_link_for_an_upgrade_needs_an_address(client, service_id):
    wanted = {"licence_type": "hosted_essentials_plus", "licensed_users": "20", "send_link": "on"}
    assert "Type the address" in error_at(client.post(at("upgrade", service_id), wanted), "recipient")


def test_suspending_and_resuming_say_what_they_do(customer, client, service_id):
    connect(customer, service_id)
    page = soup(client.get(at("danger", service_id)))
    assert "Suspend contoso-hq" in page.get_text()
    answer = client.post(at("suspend", service_id), follow=True)
    assert "This connection is suspended." in soup(answer).get_text()
    assert "Resume contoso-hq" in soup(client.get(at("danger", service_id))).get_text()
    for tab in ("health", "m365"):
        told = [pill.get_text(strip=True) for pill in soup(client.get(at(tab, service_id))).select("main .gw-pill")]
        assert "Suspended" in told
        assert "Unknown" not in told
    client.post(at("resume", service_id))
    with within(customer.path):
        assert not connection(service_id).suspended


LEVELS = [Kind.SYSTEM, Kind.PROVIDER, Kind.CHANNEL, Kind.CUSTOMER]
ACTS = {Kind.SYSTEM: Role.ADMIN, Kind.PROVIDER: Role.OPERATOR, Kind.CHANNEL: Role.ADMIN, Kind.CUSTOMER: Role.OPERATOR}


@pytest.fixture
def desks(provider, customer):
    """Somebody of each level who may change a connection, at their browser."""
    *_system, channel_id, _customer = customer.path.strip("/").split("/")
    channel = Place(UUID(hex=channel_id), customer.path.removesuffix(f"{customer.id.hex}/"))
    root = UUID(hex=provider.path.split("/")[0])
    places = [Place(root, f"{root.hex}/"), provider, channel, customer]
    return {level: prove(sit_down(place, role=ACTS[level])) for level, place in zip(LEVELS, places, strict=True)}


@pytest.mark.parametrize("above", LEVELS)
@pytest.mark.parametrize("below", LEVELS)
def test_what_one_level_suspended_and_forbade_is_undone_there_or_above(customer, service_id, desks, above, below):
    connect(customer, service_id)
    may = LEVELS.index(below) <= LEVELS.index(above)
    desks[above].post(at("suspend", service_id))
    desks[above].post(at("tokens", service_id), {"forbid": "yes"})
    page = soup(desks[below].get(at("health", service_id)))
    assert ("Resume contoso-hq" in page.get_text()) is may
    assert (page.select_one("[name=forbid][value=no]") is not None) is may
    who = "platform" if above is Kind.SYSTEM else above.value
    assert (f"Somebody of the {who} decided" in page.get_text()) is not may
    for name, data in (("resume", {}), ("tokens", {"forbid": "no"})):
        answer = soup(desks[below].post(at(name, service_id), data, follow=True)).get_text()
        assert ("Somebody of a level above yours decided this." in answer) is not may
    with within(customer.path):
        assert bool(connection(service_id).suspended) is not may
        assert (tokens_forbidden(customer.id) is not None) is not may


def test_what_a_level_below_suspended_becomes_theirs_who_suspend_it_as_well(customer, service_id, desks):
    connect(customer, service_id)
    for level in (Kind.CUSTOMER, Kind.PROVIDER, Kind.CHANNEL):
        desks[level].post(at("suspend", service_id))
        desks[level].post(at("tokens", service_id), {"forbid": "yes"})
    for level in (Kind.CUSTOMER, Kind.CHANNEL):
        desks[level].post(at("resume", service_id))
        desks[level].post(at("tokens", service_id), {"forbid": "no"})
    with within(customer.path):
        assert connection(service_id).suspended_level is Kind.PROVIDER
        assert tokens_forbidden(customer.id) is Kind.PROVIDER


def test_an_invitation_to_connect_once_more_is_mailed_and_stands_on_the_page(customer, client, service_id):
    connect(customer, service_id)
    page = soup(client.get(at("reinitiate", service_id)))
    assert {button.get_text() for button in page.select("main form button")} >= {
        "Send Invitation",
        "Open the wizard now",
    }
    assert "e-mail address" in error_at(client.post(at("reinitiate", service_id), {"recipient": "x"}), "recipient")
    assert page.select_one("#anew_words") is None, "it moves to one of ours anyway"
    sent = client.post(at("reinitiate", service_id), {"recipient": "ada@contoso.example", "way": "mail"}, follow=True)
    assert "on its way to ada@contoso.example" in soup(sent).get_text()
    assert "An invitation is out already." in soup(client.get(at("reinitiate", service_id))).get_text()


def test_the_wizard_opens_at_once_together_with_the_customer(customer, client, service_id):
    connect(customer, service_id)
    answer = client.post(at("reinitiate", service_id), {"recipient": "ada@contoso.example", "way": "now"})
    assert answer["Location"] == reverse("web:wizard")


def test_a_service_without_a_record_of_its_registration_has_its_pages(customer, client, service_id):
    connect(customer, service_id)
    assert "We hold no record" in soup(client.get(at("m365", service_id))).get_text()
    assert client.get(at("health", service_id)).status_code == 200
    assert "We hold no record" in soup(client.get(at("danger", service_id))).get_text()


def connect(customer, service_id):
    """A connection whose registration we hold no record of."""
    with within(customer.path):
        connect_service(
            service_id=service_id,
            organization_id=customer.id,
            registration_id=UUID(int=1),
            credential_id=uuid4(),
            user_name="grace@contoso.example",
            m365_domain="contoso.example",
            items=[],
            granted=None,
            seen_at=NOW,
            by=SETUP,
            now=NOW,
        )


@pytest.mark.parametrize("asks", LEVELS)
def test_what_the_provider_suspended_is_renewed_and_repaired_by_nobody_below(customer, service_id, desks, asks):
    connect(customer, service_id)
    desks[Kind.PROVIDER].post(at("suspend", service_id))
    given = {"recipient": "grace@contoso.com", "way": "mail"}
    answer = soup(desks[asks].post(at("reinitiate", service_id), given, follow=True)).get_text()
    is_below = LEVELS.index(asks) > LEVELS.index(Kind.PROVIDER)
    assert ("Somebody of a level above yours decided this." in answer) is is_below
    with within(customer.path):
        assert (open_for_connection(service_id) is None) is is_below


@pytest.mark.parametrize("asks", LEVELS)
def test_a_refused_rotate_now_names_who_can_resume_it_and_a_page_that_opens(customer, service_id, desks, asks):
    connect(customer, service_id)
    desks[Kind.PROVIDER].post(at("suspend", service_id))
    answer = soup(desks[asks].post(at("rotate", service_id), follow=True)).get_text()
    assert "Somebody of the provider suspended it: they, or somebody above them, can resume it" in answer
    assert "on the service's Connection health" in answer
    assert desks[asks].get(at("health", service_id)).status_code == 200


def test_what_is_suspended_as_its_service_leaves_is_rotated_when_somebody_keeps_that(customer, service_id, desks):
    connect(customer, service_id)
    with within(customer.path):
        suspend(service_id=service_id, why=SuspendedWhy.LEAVING, by=SETUP, now=NOW)
    answer = soup(desks[Kind.CUSTOMER].post(at("rotate", service_id), follow=True)).get_text()
    assert "Its service is to be deleted: keep it first. Whoever may delete services can do that." in answer
