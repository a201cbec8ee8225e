"""What a service uses beside its connection is looked after as the connection is, under a name of its own."""

from datetime import timedelta
from importlib import import_module
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.django_connector import DjangoConnector

from gangway.alarms import queries as alarms
from gangway.alarms.actions import clear
from gangway.alarms.states import Severity
from gangway.audit.queries import activity
from gangway.connections import actions, companions, fleet, tending, validation
from gangway.connections.care_view import ends_beside, orphans
from gangway.connections.errors import ConnectionSuspended, NotMadeYet
from gangway.connections.models import Care, Companion, Pause, Validation, Warned
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import THRESHOLDS
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.invitations.standing import open_for_connection
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.models import GIVEN, Credential, Registration, Run
from gangway.provisioning.queries import pin
from gangway.provisioning.states import CredentialState
from gangway.services import actions as services
from tests.rooms.factories_companions import OWNED, ask, asked, companion_of, look, standing
from tests.rooms.factories_connections import DAY, GOOD, TENANT, beside, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db
REFUSED = CheckItem("sign_in", "Sign-in", "error", "Microsoft refused the secret.", "Renew it.")
QUIET = CheckItem("sign_in", "Sign-in", "unknown", "Microsoft does not answer.")


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


@pytest.fixture
def service_id(customer: Place) -> UUID:
    made = connected(customer)
    with within_everything("a test"):
        Care.objects.update(tend_at=clock.now() + 900 * DAY, validate_at=clock.now() + 900 * DAY)
    return made


def test_its_end_is_warned_of_once_at_each_threshold_under_a_name_that_says_which(customer, service_id):
    now = clock.now()
    beside(customer, service_id, expires_at=now + 70 * DAY)
    told = []
    for days in (69, 60, 59, 31, 30, 14, 7, 3, 1, 0, -1):
        tending.tend_due(now=now + (70 - days) * DAY + timedelta(seconds=1))
        told.append(len(standing(customer, service_id)))
    assert told == [0] + 10 * [1]
    with within_everything("a test"):
        assert set(Warned.objects.values_list("days", flat=True)) == set(THRESHOLDS)
    (alarm,) = standing(customer, service_id)
    assert alarm == ("credential_ends", "voice-1 (Call quality of Microsoft Teams)", Severity.CRITICAL)
    with within(customer.path):
        (row,) = alarms.open_for(service_id)
        assert row.times == len(THRESHOLDS)
        events = activity(organization_path=customer.path, subject=f"service:{service_id}", limit=50)
    assert any(one.event == "alarms:alarm:raised" for one in events), "the service's own history tells it"


def test_its_permissions_follow_what_the_last_look_at_it_saw(provider, customer, service_id):
    beside(customer, service_id)
    ask(customer, service_id)
    look(service_id, GOOD, granted=frozenset({"CallRecords.Read.All"}))
    ask(customer, service_id)
    look(service_id, GOOD, granted=frozenset({"User.Read.All"}))
    with within(customer.path):
        rows = {row.name: row for row in companions.companion(service_id, "qoe").grants}
    lost = rows["CallRecords.Read.All"]
    assert (lost.state, lost.proof_words) == ("missing", "Not in the registration's own fresh token.")
    assert lost.last_at < lost.seen_at
    card = soup(sit_down(provider).get(f"/services/{service_id}/configuration/m365/")).select_one("#quality").parent
    assert "Missing: Not in the registration's own fresh token." in " ".join(card.get_text(" ", strip=True).split())


def test_a_look_whose_credential_was_renewed_meanwhile_begins_anew(customer, service_id):
    registration_id = beside(customer, service_id)
    ask(customer, service_id)
    pk = asked(service_id).pk
    begun = validation.begin(validation_id=pk, now=clock.now())
    assert begun
    assert not validation.look_again(validation_id=pk, begun=begun)
    with within_everything("a test"):
        old = Credential.objects.get(registration_id=registration_id)
        Credential.objects.filter(pk=old.pk).update(state=CredentialState.RESTING.value, rest_until=clock.now())
        old.pk, old.display_name = uuid4(), "renewed"
        old.save(force_insert=True)
    assert validation.look_again(validation_id=pk, begun=begun)
    assert asked(service_id).state == "queued"


def test_what_was_seen_of_a_registration_that_is_not_used_any_more_is_not_written_down(customer, service_id):
    beside(customer, service_id)
    ask(customer, service_id)
    pk = asked(service_id).pk
    begun = validation.begin(validation_id=pk, now=clock.now())
    assert begun
    with within_everything("a test"):
        Registration.objects.filter(pk=begun.registration_id).update(name_key="left")
    beside(customer, service_id)
    assert companion_of(service_id).registration_id != begun.registration_id
    assert not validation.end(validation_id=pk, begun=begun, result=CheckResult((REFUSED,)), now=clock.now())
    assert (asked(service_id).state, companion_of(service_id).status) == ("queued", "unknown")
    assert standing(customer, service_id) == []


def test_its_alarms_are_not_the_connections(customer, service_id):
    soon = clock.now() + 5 * DAY
    beside(customer, service_id, expires_at=soon)
    with within_everything("a test"):
        Credential.objects.update(expires_at=soon, made_at=soon - 300 * DAY)
        Care.objects.update(tend_at=clock.now())
    tending.tend_due(now=clock.now())
    assert {about for _, about, _ in standing(customer, service_id)} == {
        "voice-1",
        "voice-1 (Call quality of Microsoft Teams)",
    }


def test_the_fleet_looks_at_it_at_its_own_time_and_leaves_busy_tenants_alone(customer, service_id):
    beside(customer, service_id)
    due = companion_of(service_id).validate_at
    assert companions.validate_due(now=due - timedelta(minutes=1)) == 0
    with within_everything("a test"):
        Pause.objects.create(tenant_id=TENANT, until=due + timedelta(hours=1))
        assert fleet.backlog(now=due).due == 1
    assert companions.validate_due(now=due) == 0
    assert companions.validate_due(now=due + timedelta(hours=1)) == 1
    row = asked(service_id)
    assert (row.state, row.asked_by) == ("queued", fleet.FLEET.name)
    assert companion_of(service_id).validate_at == due + DAY
    with within_everything("a test"):
        assert (fleet.backlog(now=clock.now()).running, fleet.room_left()) == (1, fleet.AT_ONCE - 1)


def test_no_more_looks_are_under_way_than_there_is_room(customer, service_id, monkeypatch):
    beside(customer, service_id)
    monkeypatch.setattr(fleet, "AT_ONCE", 1)
    due = companion_of(service_id).validate_at
    with within_everything("a test"):
        connection = Care.objects.get().connection
        Validation.objects.create(
            organization_id=customer.id, connection=connection, asked_by=fleet.FLEET.name, asked_at=due
        )
    assert companions.validate_due(now=due) == 0


def test_what_waits_longest_is_looked_at_first_be_it_a_connection_or_beside_one(customer, service_id, monkeypatch):
    beside(customer, service_id)
    others = [connected(customer, f"voice-{number}") for number in (2, 3)]
    monkeypatch.setattr(fleet, "AT_ONCE", 2)
    now = clock.now()
    with within_everything("a test"):
        Companion.objects.update(validate_at=now - timedelta(hours=2))
        for hours, one in zip((1, 3), others, strict=True):
            Care.objects.filter(connection__service_id=one).update(validate_at=now - timedelta(hours=hours))
    assert (fleet.validate_due(now=now), companions.validate_due(now=now)) == (1, 1)
    with within_everything("a test"):
        assert Validation.objects.get(state="queued", connection__isnull=False).connection.service_id == others[1]


def test_what_has_nothing_to_sign_in_with_any_more_has_no_alarms_and_no_status(customer, service_id):
    registration_id = beside(customer, service_id, expires_at=clock.now() + 5 * DAY)
    ask(customer, service_id)
    look(service_id, REFUSED)
    tending.tend_due(now=clock.now())
    assert {kind for kind, *_ in standing(customer, service_id)} == {"connection", "credential_ends"}
    with within_everything("a test"):
        Credential.objects.filter(registration_id=registration_id).update(state=CredentialState.REMOVED.value)
    tending.tend_due(now=clock.now() + 2 * DAY)
    row = companion_of(service_id)
    assert (row.status, row.status_words, standing(customer, service_id)) == ("unknown", NotMadeYet.what, [])


def test_what_has_nothing_to_sign_in_with_breaks_off_no_rotation_of_its_service_that_is_in_use(customer, service_id):
    registration_id = beside(customer, service_id)
    with within(customer.path):
        Care.objects.update(renews_itself=True)
        Companion.objects.update(renews_itself=True)
        connections_run = rotate_now(service_id=service_id, by=SETUP, now=clock.now())
        rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
    with within_everything("a test"):
        Credential.objects.filter(registration_id=registration_id).update(state=CredentialState.REMOVED.value)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        assert Run.objects.get(pk=connections_run).state == "queued"
        assert Care.objects.get().rotation == Rotation.UNDER_WAY


def test_what_fails_is_an_alarm_until_a_look_finds_it_well(customer, service_id):
    beside(customer, service_id)
    ask(customer, service_id)
    look(service_id, REFUSED)
    assert standing(customer, service_id) == [
        ("connection", "voice-1 (Call quality of Microsoft Teams)", Severity.CRITICAL)
    ]
    ask(customer, service_id)
    look(service_id, GOOD)
    assert standing(customer, service_id) == []


@pytest.mark.parametrize("fault", ["lost worker", "fault of ours"])
def test_what_nobody_saw_leaves_its_status_as_it_was(customer, service_id, fault):
    beside(customer, service_id)
    ask(customer, service_id)
    look(service_id, REFUSED)
    before = companion_of(service_id)
    ask(customer, service_id)
    if fault == "lost worker":
        validation.give_up(now=clock.now() + timedelta(minutes=6))
    else:
        validation.fail(validation_id=asked(service_id).pk, error=NoSuchCredential(), now=clock.now())
    row, failed = companion_of(service_id), asked(service_id)
    assert (failed.state, [item["key"] for item in failed.items]) == ("failed", ["worker"])
    assert (row.status, row.status_words, row.status_since) == ("error", before.status_words, before.status_since)


def test_its_look_by_the_fleet_may_wait_for_its_turn_and_counts_from_when_a_worker_took_it(customer, service_id):
    beside(customer, service_id)
    start = companion_of(service_id).validate_at
    companions.validate_due(now=start)
    validation.give_up(now=start + timedelta(hours=1))
    assert validation.begin(validation_id=asked(service_id).pk, now=start + timedelta(hours=1))
    states = []
    for minutes in (64, 66):
        validation.give_up(now=start + timedelta(minutes=minutes))
        states.append(asked(service_id).state)
    assert states == ["running", "failed"]


def test_an_update_leaves_no_words_at_a_look_that_saw_nothing_and_no_job_that_no_worker_knows(customer, service_id):
    beside(customer, service_id)
    ask(customer, service_id)
    validation.fail(validation_id=asked(service_id).pk, error=NoSuchCredential(), now=clock.now())
    told, database = asked(service_id).words, DjangoConnector()
    with within_everything("a test"):
        Validation.objects.filter(pk=asked(service_id).pk).update(status="ok", words="Works.")
    for task in ("validate_companion", "validate_connection"):
        defer = "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', %(task)s)"
        database.execute_query(defer, task=f"connections:{task}")
    for operation in import_module("gangway.connections.migrations.0016_failed_looks").Migration.operations:
        database.execute_query(operation.sql.replace("%", "%%"))
    assert (asked(service_id).status, asked(service_id).words) == ("unknown", told)
    left = database.execute_query_all("SELECT DISTINCT task_name FROM procrastinate_jobs WHERE status = 'todo'")
    assert "connections:validate_connection" in [row["task_name"] for row in left]
    assert "connections:validate_companion" not in [row["task_name"] for row in left]


@pytest.mark.parametrize("leaves", [False, True])
def test_what_was_suspended_while_its_look_waited_is_not_signed_in_with(customer, service_id, leaves):
    beside(customer, service_id)
    ask(customer, service_id)
    with within(customer.path):
        if leaves:
            services.begin_leaving(service_id=service_id, until=clock.now() + 7 * DAY, by=SETUP)
        else:
            actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    assert validation.begin(validation_id=asked(service_id).pk, now=clock.now()) is None
    row = asked(service_id)
    assert (row.state, row.items[0]["words"]) == ("failed", ConnectionSuspended.what)


def test_a_tenant_that_is_not_known_yet_is_learned_and_paused_alone(customer, service_id):
    beside(customer, service_id, kind="federated")
    with within_everything("a test"):
        Companion.objects.update(tenant_id="", tend_at=clock.now())
    ask(customer, service_id)
    look(service_id, QUIET, busy_seconds=90.0)
    with within_everything("a test"):
        assert [row.tenant_id for row in Pause.objects.all()] == [TENANT]
    tending.tend_due(now=clock.now())
    assert companion_of(service_id).tenant_id == TENANT


def test_a_silent_microsoft_is_an_alarm_only_after_a_day(customer, service_id):
    beside(customer, service_id)
    now = clock.now()
    ask(customer, service_id)
    look(service_id, QUIET, at=now)
    assert standing(customer, service_id) == []
    assert companion_of(service_id).validate_at <= now + timedelta(hours=4)
    ask(customer, service_id)
    look(service_id, QUIET, at=now + timedelta(hours=25))
    assert [kind for kind, *_ in standing(customer, service_id)] == ["connection"]


def test_a_good_look_of_the_fleet_fills_no_log_and_a_bad_one_does(customer, service_id):
    beside(customer, service_id)
    ask(customer, service_id)
    look(service_id, GOOD)
    counts = []
    for item in (GOOD, REFUSED):
        companions.validate_due(now=companion_of(service_id).validate_at)
        look(service_id, item)
        with within(customer.path):
            rows = activity(organization_path=customer.path, subject=f"service:{service_id}", limit=50)
        counts.append(sum(row.event == "connections:validation:ended" for row in rows))
    assert counts == [2, 3]  # the connection's first one, that which was asked for, and the bad one


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_still_ends_is_an_alarm_again_after_it_was_cleared_or_rested(customer, service_id, by_hand):
    beside(customer, service_id, expires_at=clock.now() + 12 * DAY)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        (alarm,) = alarms.open_for(service_id)
        if by_hand:
            clear(alarm.id, by=SETUP, now=clock.now())
        else:
            actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    tending.tend_due(now=clock.now() + DAY)
    with within(customer.path):
        actions.resume(service_id=service_id, by=SETUP, now=clock.now())
        again = [row for row in alarms.open_for(service_id) if row.id != alarm.id]
    assert bool(again) is by_hand
    tending.tend_due(now=clock.now() + 2 * DAY)
    tending.tend_due(now=clock.now() + 3 * DAY)
    with within(customer.path):
        assert [(row.kind.value, row.times) for row in alarms.open_for(service_id)] == [("credential_ends", 1)]


def test_a_service_that_goes_takes_its_alarms_with_it(customer, service_id):
    beside(customer, service_id, expires_at=clock.now() + 5 * DAY)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        services.begin_leaving(service_id=service_id, until=clock.now() + 7 * DAY, by=SETUP)
    tending.tend_due(now=clock.now() + 2 * DAY)
    assert standing(customer, service_id) == []
    assert companions.validate_due(now=clock.now() + 3 * DAY) == 0


def test_what_signs_in_beside_a_connection_belongs_to_something(customer, service_id):
    beside(customer, service_id)
    with within_everything("a test"):
        Credential.objects.update(announced_at=clock.now() - 10 * DAY)
    with within(customer.path):
        assert orphans(limit=10).unused == ()
        Companion.objects.all().delete()
        assert [one.name for one in orphans(limit=10).unused] == ["beside-ab12"]


def test_what_it_lacks_is_told_as_the_connections_is_and_every_look_at_it_is_kept(provider, customer, service_id):
    beside(customer, service_id)
    client, place = sit_down(provider), f"/services/{service_id}/configuration/m365/"
    with within_everything("a test"):
        Care.objects.update(lacks=[])
    for granted in (frozenset({"User.Read.All"}), OWNED):
        ask(customer, service_id)
        look(service_id, GOOD, granted=granted)
        lacks = granted is not OWNED
        told = [("drift", "voice-1 (Call quality of Microsoft Teams)", Severity.NOTICE)] if lacks else []
        assert standing(customer, service_id) == told
        section = soup(client.get(place)).select_one("[aria-labelledby=quality]")
        assert ("1 permission or role of the newest version is missing: Repair" in section.get_text()) is lacks
        assert bool(section.select(f'a[href="/services/{service_id}/repair/"]')) is lacks
        repair = soup(client.get(f"/services/{service_id}/repair/")).select_one("[aria-labelledby=missing]")
        assert ("CallRecords.Read.All" in repair.get_text()) is lacks
        assert ("CallRecords.Read.All" in client.get(reverse("web:connection_export")).text) is lacks
        assert ("voice-1" in soup(client.get("/connections/?drift=less")).main.get_text()) is lacks
    assert len(section.select(".gw-timeline .gw-when")) == 2
    with within(customer.path):
        history = companions.companion(service_id, "qoe").history
    assert [(row.status, row.asked_by) for row in history] == 2 * [("ok", SETUP.name)]


def test_what_the_customers_own_registration_lacks_the_customer_adds_and_nobody_is_asked_to_sign_in(
    provider, customer, service_id
):
    registration_id = beside(customer, service_id, origin=GIVEN)
    with within_everything("a test"):
        Care.objects.update(lacks=[])
        Registration.objects.filter(pk=registration_id).update(origin=GIVEN)
    ask(customer, service_id)
    look(service_id, GOOD, granted=frozenset({"User.Read.All"}))
    with within(customer.path):
        (alarm,) = alarms.open_for(service_id)
    assert alarm.cure.startswith("The customer made this registration, so the customer adds it")
    client, page = sit_down(provider), f"/services/{service_id}/repair/"
    assert soup(client.get(page)).select_one('input[value="call-quality"]'), "one of ours instead is offered"
    with within_everything("a test"):
        calling = Registration.objects.exclude(pk=registration_id).get()
        calling.plan, _ = pin(features={"voice", "call-quality"})
        calling.save()
    asked_for = soup(client.get(page)).select_one("[aria-labelledby=missing]")
    assert ("App registrations ›" in asked_for.get_text(), asked_for.select_one("form")) == (True, None)
    assert client.post(page, {"recipient": "someone@contoso.com"}).status_code == 200
    with within(customer.path):
        assert open_for_connection(service_id) is None


def test_what_many_services_use_beside_costs_no_more_queries_than_what_one_does(
    customer, service_id, django_assert_num_queries
):
    ids = [service_id, *(connected(customer, f"voice-{number}") for number in (2, 3))]
    for one in ids:
        beside(customer, one)
    with within(customer.path):
        with django_assert_num_queries(2):
            assert set(ends_beside(ids)) == set(ids)
        Companion.objects.update(validate_at=clock.now())
    with CaptureQueriesContext(connection) as asked:
        assert companions.validate_due(now=clock.now()) == 3
    assert sum("provisioning_credential" in query["sql"] for query in asked) == 1


def test_its_end_stands_in_the_list_of_connections_and_its_alarm_on_the_dashboard(provider, customer, service_id):
    beside(customer, service_id, expires_at=clock.now() + 5 * DAY)
    client = sit_down(provider)
    assert "Call quality of Microsoft Teams:" in soup(client.get("/connections/")).select_one("table").get_text()
    assert "Call quality of Microsoft Teams: 20" in client.get(reverse("web:connection_export")).text
    assert "voice-1 (Call quality" not in client.get("/").text
    tending.tend_due(now=clock.now())
    assert "voice-1 (Call quality of Microsoft Teams)" in soup(client.get("/")).main.get_text()
