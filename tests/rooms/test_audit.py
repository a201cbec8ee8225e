"""The audit log: in the same transaction, plain, without secrets, for one organization at a time."""

import asyncio
import csv
import gc
import io
import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.urls import reverse

from gangway.alarms.preferences import Hours, set_hours
from gangway.audit import keeping
from gangway.audit.errors import DataNotPlain, SecretInAudit
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.queries import Sought, activity, every_activity
from gangway.audit.record import Actor, record
from gangway.connections.policy import Wishes, set_wishes
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations.models import Link
from gangway.invitations.terms import set_terms
from gangway.notifications.webhooks import set_webhook
from gangway.onboarding.sightings import MAILED, SEEN, sightings_of
from gangway.organizations.changing import move_customer
from gangway.organizations.people_queries import place_of_person
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.services import actions as services
from gangway.web.activity_files import json_parts
from gangway.web.activity_words import words_of
from gangway.web.streams import streamed
from tests.rooms.factories_invitations import issue
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


def note(place, **data):
    record(Event.SERVICE_PLANNED, by=BY, organization_id=place.id, subject="service:1", data=data)


def test_entry_disappears_with_the_change_it_tells_of():
    customer = make_customer()
    before = activity(organization_path=customer.path)
    with transaction.atomic():
        note(customer)
        transaction.set_rollback(True)
    assert activity(organization_path=customer.path) == before


@pytest.mark.django_db(transaction=True)
def test_entry_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        note(make_customer())


@pytest.mark.parametrize(
    "name",
    ["secret", "client_secret", "password", "access_token", "user_code", "code", "link", "Token", "session_cookie"],
)
def test_names_of_secrets_are_refused(name):
    with pytest.raises(SecretInAudit):
        note(make_customer(), **{name: "x"})


@pytest.mark.parametrize("value", [SealedText("x"), {"a": 1}, ["x"], 1.5, b"x"])
def test_only_plain_values_are_recorded(value):
    with pytest.raises(DataNotPlain):
        note(make_customer(), value=value)


def test_long_texts_are_cut():
    customer = make_customer()
    note(customer, reason="x" * 10_000)
    assert len(activity(organization_path=customer.path)[0].data["reason"]) == 500


def test_activity_shows_an_organization_and_what_is_below_it():
    provider = make_provider()
    channel, sister = make_channel(provider), make_channel(provider)
    customer = make_customer(channel)
    note(customer, mine=True)
    assert activity(organization_path=channel.path)[0].data == {"mine": True}
    assert activity(organization_path=channel.path)[0].organization_id == customer.id
    assert all(row.data != {"mine": True} for row in activity(organization_path=sister.path))


def test_activity_is_read_in_pages_from_the_newest():
    customer = make_customer()
    for number in range(5):
        note(customer, number=number)
    first = activity(organization_path=customer.path, limit=2)
    second = activity(organization_path=customer.path, limit=2, before_id=first[-1].id)
    assert [row.data["number"] for row in first + second] == [4, 3, 2, 1]


def test_activity_without_a_path_is_refused():
    with pytest.raises(ValueError, match="one organization's path"):
        activity(organization_path="")


def test_every_event_says_its_room_its_thing_and_what_happened():
    for event in Event:
        assert len(event.value.split(":")) == 3, event


def test_what_changed_as_a_whole_is_read_as_one_change():
    place = make_provider()
    with transaction.atomic():
        record(
            Event.SERVICE_CONNECTION_CHANGED,
            by=BY,
            organization_id=place.id,
            subject="service:1",
            data={"before": "ok", "after": "error", "reason": "It ended."},
        )
    (row,) = activity(organization_path=place.path, subject="service:1")
    assert [(change.before, change.after) for change in row.changes] == [("ok", "error")]
    assert row.data == {"reason": "It ended."}


def sought(place, **given):
    return sit_down(place).get(reverse("web:activity"), given).content.decode()


def test_the_page_is_sought_by_person_event_and_day():
    provider = make_provider()
    note(provider, short_name="one-of-ours")
    today = clock.now().date().isoformat()
    for given in ({"who": "test"}, {"event": Event.SERVICE_PLANNED.value}, {"subject": "service:1"}, {"since": today}):
        assert "one-of-ours" in sought(provider, **given), given
    for given in ({"who": "nobody"}, {"event": "vault:secret:destroyed"}, {"until": "2000-01-01"}):
        assert "one-of-ours" not in sought(provider, **given), given


@pytest.mark.parametrize("given", [{"since": "x"}, {"until": "0000-99-99"}, {"organization": "x"}, {"before": "-1"}])
def test_a_filter_that_makes_no_sense_is_none(given):
    provider = make_provider()
    note(provider, short_name="one-of-ours")
    assert "one-of-ours" in sought(provider, **given)


def taken(place, kind, **given):
    answer = sit_down(place).post(reverse(f"web:activity_{kind}"), given)
    return b"".join(answer.streaming_content).decode()


def test_exports_hold_what_is_sought_and_are_recorded():
    provider, rival = make_provider(), make_provider()
    for number in range(3):
        note(provider, number=number)
    note(rival, short_name="of-the-rival")
    rows = json.loads(taken(provider, "json", event=Event.SERVICE_PLANNED.value))
    assert [row["data"]["number"] for row in rows] == [2, 1, 0]
    assert "of-the-rival" not in taken(provider, "csv")
    events = [row.event for row in activity(organization_path=provider.path, limit=5)]
    assert Event.AUDIT_EXPORTED.value in events


def test_name_that_entries_were_sought_by_can_be_erased():
    provider = make_provider()
    taken(provider, "csv", who="Olga Petrova")
    exported = Entry.objects.get(event=Event.AUDIT_EXPORTED.value)
    assert (exported.data, exported.personal) == ({"format": "csv"}, {"who": "Olga Petrova"})


def test_an_operator_can_still_be_erased_from_what_a_customers_people_were_forgotten_in():
    provider, service_id = make_provider(), uuid4()
    olga = Actor(kind="person", id="olga", name="Olga Operator")
    about = {"organization_id": provider.id, "subject": f"service:{service_id}"}
    record(Event.INVITATION_RESENT, by=olga, **about, data={"recipient": "adele@contoso.example"})
    keeping.forget(ids=[service_id], by=olga, **about)
    entry = Entry.objects.get(event=Event.INVITATION_RESENT.value)
    assert (entry.personal, entry.actor_name) == ({}, "Olga Operator")
    assert keeping.erase(actor_id="olga", by=Actor.system("erasure")) == 2
    entry.refresh_from_db()
    assert entry.actor_name == ""


def test_no_exported_cell_is_a_formula():
    provider = make_provider()
    record(
        Event.SERVICE_PLANNED,
        by=Actor(kind="person", id="", name="=HYPERLINK(1)"),
        organization_id=provider.id,
        subject="service:1",
    )
    cells = [cell for line in csv.reader(io.StringIO(taken(provider, "csv"))) for cell in line]
    assert "'=HYPERLINK(1)" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_an_export_of_nothing_is_an_empty_list():
    assert json.loads(taken(make_provider(), "json", who="nobody-at-all")) == []


def test_before_and_after_stand_on_the_page():
    provider = make_provider()
    users = {"before": {"licensed_users": 5}, "after": {"licensed_users": 9}}
    record(Event.SERVICE_PLANNED, by=BY, organization_id=provider.id, subject="service:1", **users)
    assert "5 → 9" in " ".join(sought(provider).split())


@pytest.mark.django_db(transaction=True)
def test_an_export_is_streamed_within_its_scope_by_the_server_too(database_roles):
    provider = make_provider()
    request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
    some = every_activity(organization_path=provider.path, sought=Sought())
    answer = streamed(request, json_parts(some), path=provider.path, content_type="application/json")

    async def read():
        return "".join([part.decode() async for part in answer])

    assert json.loads(async_to_sync(read)())[0]["event"] == "organizations:organization:created"


@pytest.mark.django_db(transaction=True)
def test_a_browser_that_goes_away_ends_the_thread_that_makes_the_parts(database_roles):
    provider = make_provider()
    request = ASGIRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, io.BytesIO())
    answer = streamed(request, iter(["one", "two"]), path=provider.path, content_type="text/plain")

    async def leave():
        parts = aiter(answer)
        await anext(parts)
        await parts.aclose()

    before = {thread for thread in threading.enumerate() if thread.name.startswith("stream")}
    asyncio.run(leave())
    gc.collect()
    left = {thread for thread in threading.enumerate() if thread.name.startswith("stream")} - before
    for thread in left:
        thread.join(10)
    assert not any(thread.is_alive() for thread in left)


def test_no_two_events_read_alike():
    assert len({str(words_of(event)).lower() for event in Event}) == len(Event)


OLD_RESELLER = ("Old Harbour Resale", "Rita Rival", "198.51.100.77", "request-of-rita")


def test_who_takes_a_customer_over_reads_nothing_of_the_reseller_before():
    """On the activity page, a service's tab, an operator's page and in files; the provider reads it all."""
    provider = make_provider()
    before, after = make_channel(provider, name=OLD_RESELLER[0]), make_channel(provider)
    customer = make_customer(before)
    otto, service = make_operator(customer, role=Role.OPERATOR, name="Otto Own"), plan(customer)
    for subject in (f"service:{service}", f"operator:{otto}"):
        by = Actor("person", "rita", *OLD_RESELLER[1:])
        record(Event.SERVICE_RENAMED, by=by, organization_id=customer.id, subject=subject)
    with within(provider.path):
        move_customer(customer_id=customer.id, to=after.id, by=SETUP)
        place = place_of_person(otto, customer.id)

    def read(where, role):
        browser = sit_down(where, role=role)
        pages = ["/activity/", f"/services/{service}/activity/", f"/services/{service}/", f"/operators/{place.id}/"]
        texts = [browser.get(page).content.decode() for page in pages]
        files = [browser.post(f"/activity/export.{kind}") for kind in ("csv", "json")]
        return " ".join([*texts, *(b"".join(each.streaming_content).decode() for each in files)])

    for where, role in ((after, Role.ADMIN), (after, Role.MONITOR), (customer, Role.OPERATOR)):
        told = read(where, role)
        assert Event.ORGANIZATION_MOVED.value in told
        assert [each for each in OLD_RESELLER if each in told] == []
    told = read(provider, Role.ADMIN)
    assert [each for each in OLD_RESELLER if each not in told] == []


def test_a_mailed_link_is_never_dated_before_what_it_was_mailed_for():
    customer = make_customer(make_provider())
    invitation_id = issue(customer)
    with within(customer.path):
        made = sightings_of(invitation_id)[0]
        Link.objects.update(created_at=made.at - timedelta(seconds=1))
        first, *others = sightings_of(invitation_id)
    assert first.what == SEEN[Event.INVITATION_ISSUED]
    assert [one.at for one in others if one.what == MAILED] == [first.at]


def test_of_an_invitation_that_moved_along_only_who_reads_above_sees_what_was_before():
    provider = make_provider()
    customer = make_customer(make_channel(provider))
    invitation_id = issue(customer)
    after = make_channel(provider)
    with within(provider.path):
        move_customer(customer_id=customer.id, to=after.id, by=SETUP)
        assert SEEN[Event.INVITATION_ISSUED] in [one.what for one in sightings_of(invitation_id)]
    with within(after.path):
        assert SEEN[Event.INVITATION_ISSUED] not in [one.what for one in sightings_of(invitation_id)]


def rename(provider, service_id):
    services.rename_service(service_id=service_id, full_name="Calling", short_name="renamed", by=BY)


def hours(provider, service_id):
    set_hours(provider.id, Hours(digest_hour=7), by=BY)


def wishes(provider, service_id):
    set_wishes(provider.id, Wishes(rotates=True, days_before=40, notice_days=3), by=BY, now=clock.now())


def terms(provider, service_id):
    words = {"subject": "Welcome", "opening": "", "closing": ""}
    set_terms(provider.id, life_days=9, may_copy=False, **words, by=BY)


def webhook(provider, service_id):
    key = SealedText("whsec_" + "QUJD" * 11)
    set_webhook(provider.id, url="https://alarms.example/in", secret=key, is_on=True, by=BY, now=clock.now())


@pytest.mark.parametrize(
    ("change", "event", "field"),
    [
        (rename, Event.SERVICE_RENAMED, "short_name"),
        (hours, Event.ALARM_HOURS_CHANGED, "digest_hour"),
        (wishes, Event.ROTATION_POLICY_CHANGED, "days_before"),
        (terms, Event.TERMS_CHANGED, "life_days"),
        (webhook, Event.WEBHOOK_SET, "address"),
    ],
)
def test_a_change_tells_what_was_and_what_is(change, event, field):
    provider = make_provider()
    service_id = plan(make_customer(provider), short_name="first")
    with within(provider.path):
        change(provider, service_id)
        told = [entry for entry in activity(organization_path=provider.path) if entry.event == event.value]
    assert len(told) == 1
    assert field in [change.field for change in told[0].changes]


def test_what_is_set_as_it_was_tells_nothing():
    provider = make_provider()
    for _ in range(2):
        with within(provider.path):
            terms(provider, None)
            hours(provider, None)
    with within(provider.path):
        told = [entry.event for entry in activity(organization_path=provider.path)]
    assert (told.count(Event.TERMS_CHANGED.value), told.count(Event.ALARM_HOURS_CHANGED.value)) == (1, 1)
