"""Emergencies: everything listed once, taken item by item, going on after a crash; what needs the customer is named."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from gangway.connections import actions, emergency, following, ticking
from gangway.connections.errors import DecidedAbove, NameNotTyped
from gangway.connections.models import Care, Companion, Connection, EmergencyItem
from gangway.connections.rotation import forget_plan
from gangway.connections.states import Deed, ItemState
from gangway.federation import actions as federation
from gangway.federation.models import IssuerKey
from gangway.foundation import clock
from gangway.onboarding import deletion
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.models import Credential, Run
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.vault.models import Sealed
from gangway.vault.queries import ever_sealed_to
from tests.rooms.factories_connections import DAY, OLD, beside, connected
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import error_at, prove, sit_down, soup

pytestmark = pytest.mark.django_db
OWNED = (*OLD, "Application.ReadWrite.OwnedBy")


@pytest.fixture
def provider() -> Place:
    return make_provider(name="Sandbox Telecom")


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def begin(where: Place, name: str = "Sandbox Telecom", **changed: Any) -> Any:
    given: dict[str, Any] = {"deed": Deed.ROTATE, "key_number": None, "why": "A laptop was stolen.", "typed": name}
    with within(where.path):
        return emergency.begin(organization_id=where.id, by=SETUP, now=clock.now(), **(given | changed))


def view(where: Place, emergency_id: Any) -> emergency.EmergencyView:
    with within(where.path):
        return emergency.emergency(emergency_id)


def test_what_may_renew_itself_is_rotated_and_the_rest_needs_the_customer_by_name(provider, customer):
    itself, other = connected(customer, "itself", granted=OWNED), connected(customer, "other")
    elsewhere = connected(make_customer(make_provider()), "elsewhere", granted=OWNED)
    emergency_id = begin(provider)
    emergency.drive(now=clock.now())
    found = view(provider, emergency_id)
    assert (found.counts[ItemState.UNDER_WAY], found.counts[ItemState.NEEDS_CUSTOMER]) == (1, 1)
    assert [(row.service_id, row.state) for row in found.open_items.rows] == [(other, ItemState.NEEDS_CUSTOMER)]
    with within_everything("a test"):
        assert [run.service_id for run in Run.objects.filter(kind="rotation")] == [itself]
        assert not EmergencyItem.objects.filter(connection__service_id=elsewhere).exists()
        run = Run.objects.get(kind="rotation")
        Run.objects.filter(pk=run.pk).update(state="proved", ended_at=clock.now())
    following.ended(run.pk, now=clock.now())
    emergency.drive(now=clock.now())
    found = view(provider, emergency_id)
    assert (found.counts[ItemState.DONE], found.percent, found.row.ended_at is not None) == (1, 100, True)


def test_what_is_used_beside_a_connection_is_rotated_by_name_and_suspended_with_it(provider, customer):
    service_id = connected(customer, "voice-1", granted=OWNED)
    registration_id = beside(customer, service_id)
    emergency_id = begin(provider)
    emergency.drive(now=clock.now())
    found = view(provider, emergency_id)
    assert [row.short_name for row in found.open_items.rows] == ["voice-1 (Call quality of Microsoft Teams)"]
    assert (found.counts[ItemState.UNDER_WAY], found.total) == (1, 2)
    with within_everything("a test"):
        Companion.objects.update(renews_itself=True)
        Run.objects.update(state="failed", ended_at=clock.now())
    begin(provider)
    emergency.drive(now=clock.now())
    with within_everything("a test"):
        taken = EmergencyItem.objects.exclude(emergency_id=emergency_id).get(companion__isnull=False)
        run = Run.objects.get(pk=taken.run_id)
        assert (run.kind, run.registration_id, taken.state) == ("rotation", registration_id, ItemState.UNDER_WAY)
    following_up = begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    assert (view(provider, following_up).total, view(provider, following_up).percent) == (1, 100)


def test_a_key_that_opens_only_what_is_beside_reaches_that_or_suspends_its_connection(provider, customer):
    service_id = connected(customer, "voice-1")
    registration_id = beside(customer, service_id)
    with within_everything("a test"):
        credential = Credential.objects.get(registration_id=registration_id)
        given = {"organization_id": customer.id, "place": "x", "ciphertext": b"x", "created_at": clock.now()}
        Sealed.objects.create(id=credential.sealed_id, key_number=1, **given)
    rotated = begin(provider, key_number=1)
    emergency.drive(now=clock.now())
    with within_everything("a test"):
        assert EmergencyItem.objects.get(emergency_id=rotated).companion is not None
    begin(provider, key_number=1, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    with within(customer.path):
        assert Connection.objects.get(service_id=service_id).suspended_at is not None


def test_a_worker_that_dies_in_between_leaves_rows_and_the_next_one_goes_on(provider, customer, monkeypatch):
    for number in range(4):
        connected(customer, f"voice-{number}")
    emergency_id = begin(provider, deed=Deed.SUSPEND)
    real, calls = emergency.suspend, []

    def dies_at_the_third(**given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(**given)

    with monkeypatch.context() as patched:
        patched.setattr(emergency, "suspend", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.DONE] == 2
    emergency.drive(now=clock.now())
    found = view(provider, emergency_id)
    assert (found.counts[ItemState.DONE], found.total) == (4, 4)
    with within(customer.path):
        assert Connection.objects.filter(suspended_at__isnull=False).count() == 4


def test_one_that_breaks_or_whose_registration_is_at_work_holds_up_no_other(provider, customer, monkeypatch):
    names = ("breaks", "at-work", "at-work-too", "free")
    called = {connected(customer, name, granted=OWNED): name for name in names}
    real = emergency.rotation.rotate_now

    def rotate(*, service_id: Any, **given: Any) -> Any:
        if called[service_id] == "breaks":
            raise KeyError(service_id)
        if called[service_id] != "free":
            raise RunUnderWay
        return real(service_id=service_id, **given)

    monkeypatch.setattr(emergency, "AT_ONCE", 2)
    monkeypatch.setattr(emergency.rotation, "rotate_now", rotate)
    emergency_id = begin(provider)
    for seconds in range(4):
        emergency.drive(now=clock.now() + timedelta(seconds=seconds))
    found = view(provider, emergency_id)
    counted = [found.counts[state] for state in (ItemState.FAILED, ItemState.WAITING, ItemState.UNDER_WAY)]
    assert counted == [1, 2, 1]
    assert [(row.short_name, row.words) for row in found.open_items.rows] == [("breaks", emergency.BROKE)]


def test_only_what_a_key_opens_or_once_opened_and_only_what_stands_below(provider, customer, monkeypatch):
    channel = make_channel(provider, name="Reseller")
    below = connected(make_customer(channel), "below")
    ours, others = connected(customer, "ours"), connected(customer, "others")
    with within_everything("a test"):
        for service_id, number in ((ours, 1), (others, 2), (below, 1)):
            credential = Credential.objects.get(service_id=service_id)
            given = {"organization_id": customer.id, "place": "x", "ciphertext": b"x", "created_at": clock.now()}
            Sealed.objects.create(id=credential.sealed_id, key_number=number, **given)
    by_key = begin(provider, key_number=1, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    with within_everything("a test"):
        taken = set(EmergencyItem.objects.filter(emergency_id=by_key).values_list("connection__service_id", flat=True))
    assert taken == {ours, below}
    monkeypatch.setattr("gangway.vault.queries._made_at", lambda _number: clock.now() + timedelta(seconds=1))
    with within_everything("a test"):
        assert Sealed.objects.filter(key_number=1).update(key_number=3)
        sealed = frozenset(Sealed.objects.values_list("pk", flat=True))
    assert len(ever_sealed_to(sealed, 1)) == 3
    of_channel = begin(channel, "Reseller", deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    assert view(provider, of_channel).total == 0
    assert view(provider, of_channel).row.ended_at is not None


def test_a_service_that_leaves_is_suspended_with_all_others_and_stays_so_when_somebody_keeps_it(provider, customer):
    going = connected(customer, "going")
    with within(customer.path):
        deletion.delete_service(service_id=going, typed="going", by=SETUP, now=clock.now())
    emergency_id = begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.DONE] == 1
    with within(customer.path):
        deletion.keep_service(service_id=going, by=SETUP, now=clock.now())
        assert Connection.objects.get().suspended_why == "paused"
    begin(provider, deed=Deed.RESUME)
    emergency.drive(now=clock.now())
    with within(customer.path):
        assert Connection.objects.get().suspended_at is None


@pytest.mark.parametrize("leaves_first", [True, False])
def test_a_service_that_leaves_is_used_again_when_it_is_kept_after_the_emergency_is_over(
    provider, customer, leaves_first
):
    going = connected(customer, "going")

    def leave() -> None:
        with within(customer.path):
            deletion.delete_service(service_id=going, typed="going", by=SETUP, now=clock.now())

    def suspend_all() -> None:
        begin(provider, deed=Deed.SUSPEND)
        emergency.drive(now=clock.now())

    for step in (leave, suspend_all) if leaves_first else (suspend_all, leave):
        step()
    resumed = begin(provider, deed=Deed.RESUME)
    emergency.drive(now=clock.now())
    assert view(provider, resumed).counts[ItemState.DONE] == 1
    with within(customer.path):
        assert Connection.objects.get().suspended_why == "leaving"
        deletion.keep_service(service_id=going, by=SETUP, now=clock.now())
        assert Connection.objects.get().suspended_at is None


def test_what_is_not_in_use_but_signs_in_is_listed_as_not_touched_and_ticked_off_when_it_is_renewed(provider, customer):
    going, paused, used = connected(customer, "going"), connected(customer, "paused"), connected(customer, "used")
    with within(customer.path):
        services.begin_leaving(service_id=going, until=clock.now() + DAY, by=SETUP)
        for service_id in (going, paused):
            actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
        with pytest.raises(ServiceMoved):
            actions.resume(service_id=going, by=SETUP, now=clock.now())
        copies = {"rested": ("resting", clock.now() + DAY), "waits": ("proved", None)}
        for name, (state, until) in copies.items():
            other = Credential.objects.get(service_id=used, display_name="used-ab12")
            other.pk, other.display_name, other.state, other.rest_until = uuid4(), name, state, until
            other.save(force_insert=True)
    emergency_id = begin(provider)
    emergency.drive(now=clock.now())
    found = view(provider, emergency_id)
    assert (found.counts[ItemState.NEEDS_CUSTOMER], found.counts[ItemState.DONE], found.total) == (1, 0, 5)
    told = [f"{row.short_name}: {row.words}" for row in found.open_items.rows if row.state is ItemState.UNTOUCHED]
    for words in (
        "going: Its service is being",
        "paused: It is susp",
        "“rested”, which was in use",
        "“waits” was made",
    ):
        assert any(words in each for each in told), told
    with within(customer.path):
        for service_id in (used, paused):
            kept = Care.objects.select_related("connection").get(connection__service_id=service_id)
            forget_plan(kept, by=SETUP, now=clock.now())
    counts = view(provider, emergency_id).counts
    assert (counts[ItemState.DONE], counts[ItemState.NEEDS_CUSTOMER], counts[ItemState.UNTOUCHED]) == (2, 0, 3)


@pytest.mark.parametrize("state", ["made", "proved"])
@pytest.mark.parametrize("deed", [Deed.ROTATE, Deed.SUSPEND])
def test_what_waits_for_a_consent_or_to_be_created_is_listed_until_it_is_removed(provider, customer, deed, state):
    connected(customer, "voice-1")
    planned = plan(customer, short_name="soon")
    with within(customer.path):
        other = Credential.objects.get()
        other.pk, other.display_name, other.service_id, other.state = uuid4(), "made", planned, state
        other.save(force_insert=True)
    emergency_id = begin(provider, deed=deed)
    emergency.drive(now=clock.now())
    (row,) = [row for row in view(provider, emergency_id).open_items.rows if row.state is ItemState.UNTOUCHED]
    assert (row.short_name, "“made” was made" in row.words) == ("soon", True)
    assert f"or {deed} what it becomes" in row.words
    with within(customer.path):
        Credential.objects.filter(pk=other.pk).update(state="removed")
    emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.UNTOUCHED] == 0


def test_what_its_schedule_renews_while_it_queues_is_not_rotated_twice(provider, customer, monkeypatch):
    monkeypatch.setattr(emergency, "AT_ONCE", 0)
    queued = [connected(customer, name, granted=OWNED) for name in ("early", "late")]
    emergency_id = begin(provider)
    emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.WAITING] == 2
    with within(customer.path):
        for service_id, made_at in zip(queued, (clock.now() - DAY, clock.now()), strict=True):
            Credential.objects.filter(service_id=service_id).update(made_at=made_at)
            kept = Care.objects.select_related("connection").get(connection__service_id=service_id)
            forget_plan(kept, by=SETUP, now=clock.now())
    counts = view(provider, emergency_id).counts
    assert (counts[ItemState.WAITING], counts[ItemState.DONE]) == (1, 1)


def test_what_one_suspended_is_resumed_by_another_but_nothing_else(provider, customer):
    paused, *_others = (connected(customer, f"voice-{number}") for number in range(3))
    with within(customer.path):
        actions.suspend(service_id=paused, by=SETUP, now=clock.now())
    begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    resumed = begin(provider, deed=Deed.RESUME)
    emergency.drive(now=clock.now())
    found = view(provider, resumed)
    assert (found.counts[ItemState.DONE], found.total, found.row.ended_at is not None) == (2, 2, True)
    with within(customer.path):
        assert [row.service_id for row in Connection.objects.filter(suspended_at__isnull=False)] == [paused]


def test_what_somebody_below_paused_is_the_emergencys_too_so_that_they_do_not_resume_it(provider, customer):
    service_id = connected(customer, "voice-1")
    with within(customer.path):
        actions.suspend(service_id=service_id, level=Kind.CUSTOMER, by=SETUP, now=clock.now())
    begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    with within(customer.path), pytest.raises(DecidedAbove):
        actions.resume(service_id=service_id, level=Kind.CUSTOMER, by=SETUP, now=clock.now())


@pytest.mark.parametrize("leaves", [False, True])
def test_what_somebody_below_paused_before_stays_paused_by_them_when_the_emergency_is_over(provider, customer, leaves):
    service_id, since = connected(customer, "voice-1"), clock.now()
    with within(customer.path):
        actions.suspend(service_id=service_id, level=Kind.CUSTOMER, by=SETUP, now=since)
        if leaves:
            deletion.delete_service(service_id=service_id, typed="voice-1", by=SETUP, now=clock.now())
    begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    resumed = begin(provider, deed=Deed.RESUME)
    emergency.drive(now=clock.now())
    assert view(provider, resumed).counts[ItemState.DONE] == 1
    with within(customer.path):
        if leaves:
            deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
        row = Connection.objects.get()
        assert (row.suspended_at, row.suspended_why, row.suspended_level) == (since, "paused", "customer")
        actions.resume(service_id=service_id, level=Kind.CUSTOMER, by=SETUP, now=clock.now())
        assert Connection.objects.get().suspended_at is None


def test_a_pause_comes_back_through_the_emergencies_of_two_levels_driven_in_the_same_round(provider):
    channel = make_channel(provider, name="Reseller")
    below = make_customer(channel)
    service_id = connected(below, "voice-1")
    with within(below.path):
        actions.suspend(service_id=service_id, level=Kind.CUSTOMER, by=SETUP, now=clock.now())
    begin(channel, "Reseller", deed=Deed.SUSPEND, level=Kind.CHANNEL)
    now = clock.now()
    emergency.drive(now=now)
    begin(provider, deed=Deed.SUSPEND)
    emergency.drive(now=now)
    levels = []
    for where, name, level in ((provider, "Sandbox Telecom", Kind.PROVIDER), (channel, "Reseller", Kind.CHANNEL)):
        begin(where, name, deed=Deed.RESUME, level=level)
        emergency.drive(now=clock.now())
        with within(below.path):
            levels.append(Connection.objects.get().suspended_level)
    assert levels == ["channel", "customer"]


def test_all_that_needs_somebody_is_reached_page_by_page(provider, customer, monkeypatch):
    monkeypatch.setattr("gangway.organizations.pages.PAGE_SIZE", 1)
    connected(customer, "voice-1")
    connected(customer, "voice-2")
    emergency_id = begin(provider)
    emergency.drive(now=clock.now())
    client = prove(sit_down(provider))
    pages = [soup(client.get(f"/emergencies/{emergency_id}/?page={number}")).main for number in (1, 2)]
    shown = [page.select_one("tbody th a").get_text() for page in pages]
    assert sorted(shown) == ["voice-1", "voice-2"]
    assert pages[0].select_one("a[rel=next]")["href"] == "?page=2"


def test_the_name_must_be_typed_and_strangers_reach_nothing(provider):
    with pytest.raises(NameNotTyped):
        begin(provider, "Sandbox")
    with within(make_provider().path), pytest.raises(NoSuchOrganization):
        emergency.begin(
            organization_id=provider.id,
            deed=Deed.SUSPEND,
            key_number=None,
            why="x",
            typed="Sandbox Telecom",
            by=SETUP,
            now=clock.now(),
        )


def test_its_pages_ask_for_the_name_and_follow_how_far_it_is(provider, customer):
    connected(customer, "other")
    client = prove(sit_down(provider))
    assert "There was no emergency" in soup(client.get("/emergencies/")).get_text()
    given = {"deed": "rotate", "organization": str(provider.id), "key_number": "", "why": "Stolen", "typed": "Sandbox"}
    wrong = client.post("/emergencies/begin/", given)
    assert "isn't the name" in error_at(wrong, "typed")
    assert soup(wrong).select_one("#id_why")["value"] == "Stolen"
    address = client.post("/emergencies/begin/", given | {"typed": "Sandbox Telecom"})["Location"]
    assert "A worker lists what it concerns." in soup(client.get(address)).get_text()
    emergency.drive(now=clock.now())
    page = soup(client.get(address)).get_text(" ")
    assert "All that goes by itself is done." in page
    assert "an administrator of the customer has to sign in" in page
    assert "Stolen" in soup(client.get("/emergencies/")).get_text()


def test_its_page_says_that_it_found_nothing_and_does_not_call_the_name_optional(provider):
    client = prove(sit_down(provider))
    form = soup(client.get("/emergencies/begin/"))
    assert "optional" not in form.select_one("label[for=id_typed]").get_text()
    given = {"deed": "rotate", "organization": str(provider.id), "key_number": "", "why": "Stolen"}
    address = client.post("/emergencies/begin/", given | {"typed": "Sandbox Telecom"})["Location"]
    emergency.drive(now=clock.now())
    page = soup(client.get(address)).get_text(" ")
    assert "There was nothing to do" in page
    assert "All that goes by itself" not in page


def test_what_signs_in_by_the_platforms_own_tokens_waits_for_its_key_and_is_ticked_off(provider, customer, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": "https://issuer.example"})
    by_token = connected(customer, "by-token", granted=OWNED)
    federation.ensure_key(now=clock.now())
    with within_everything("a test"):
        Credential.objects.filter(service_id=by_token).update(kind="federated", sealed_id=None, expires_at=None)
        number = Sealed.objects.get(pk=IssuerKey.objects.get().sealed_id).key_number
    of_another, of_all = begin(provider, key_number=number + 1), begin(provider)
    of_key, paused = begin(provider, key_number=number), begin(provider, key_number=number, deed=Deed.SUSPEND)
    emergency.drive(now=clock.now())
    assert view(provider, of_another).total == 0
    for one in (of_key, of_all):
        (row,) = view(provider, one).open_items.rows
        assert (row.service_id, row.state, row.words) == (by_token, ItemState.UNTOUCHED, ticking.PLATFORMS_KEY)
    assert view(provider, paused).counts[ItemState.DONE] == 1
    federation.rotate_key(at_once=True, by=SETUP, now=clock.now())
    emergency.drive(now=clock.now())
    for one in (of_key, of_all):
        assert (view(provider, one).counts[ItemState.DONE], view(provider, one).percent) == (1, 100)


def test_what_the_database_refuses_just_now_is_tried_again(provider, customer, monkeypatch):
    service_id = connected(customer, "voice-1")
    emergency_id = begin(provider, deed=Deed.SUSPEND)
    with monkeypatch.context() as patch:
        patch.setattr(emergency, "suspend", refuse)
        emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.WAITING] == 1
    emergency.drive(now=clock.now())
    assert view(provider, emergency_id).counts[ItemState.DONE] == 1
    with within_everything("a test"):
        assert Connection.objects.get(service_id=service_id).suspended_at is not None


def refuse(**_given: Any) -> None:
    raise OperationalError("deadlock detected")
