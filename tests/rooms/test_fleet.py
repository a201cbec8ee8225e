"""The fleet: validations spread and never too many, busy tenants left alone; pages, policy, freezes, repair."""

from datetime import datetime, timedelta
from threading import Event
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import Client
from django.urls import reverse

from gangway.alarms import queries as alarms
from gangway.audit.queries import activity
from gangway.connections import actions, adopting, fleet, handing, policy, tending, validation
from gangway.connections.errors import CannotRotateNow, FreezeWrong, NoSuchFreeze, PolicyWrong
from gangway.connections.models import Care, Connection, Pause, Validation
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import Wishes
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.invitations.models import Invitation
from gangway.jobs.threads import callers_thread
from gangway.microsoft.errors import Busy
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import GIVEN, Credential, Registration
from gangway.provisioning.queries import explain, pin
from gangway.web import zones
from tests.rooms.factories_connections import DAY, GOOD, OLD, TENANT, care_of, connected
from tests.rooms.factories_organizations import (
    SETUP,
    Place,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_web import error_at, row, sit_down, soup
from tests.rooms.races import race

pytestmark = pytest.mark.django_db
BUSY = CheckItem("sign_in", "Sign-in", "unknown", "Microsoft asks us to wait.")


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def all_due() -> None:
    with within_everything("a test"):
        Care.objects.update(validate_at=clock.now() - timedelta(hours=1))


def look(service_id: UUID, *items: CheckItem, **result: Any) -> None:
    with within_everything("a test"):
        asked = Validation.objects.get(connection__service_id=service_id, state="queued")
    begun = validation.begin(validation_id=asked.pk, now=clock.now())
    assert begun
    validation.end(validation_id=asked.pk, begun=begun, result=CheckResult(items, **result), now=clock.now())


def test_what_is_due_starts_as_far_as_there_is_room_and_keeps_its_own_time_of_day(customer, monkeypatch):
    services_there = [connected(customer, f"voice-{number}") for number in range(5)]
    slots = {care_of(one).validate_at for one in services_there}
    assert len(slots) == 5
    assert fleet.validate_due(now=clock.now()) == 0
    all_due()
    monkeypatch.setattr(fleet, "AT_ONCE", 3)
    assert [fleet.validate_due(now=clock.now()) for _ in range(2)] == [3, 0]
    with within(customer.path):
        behind = fleet.backlog(now=clock.now())
    assert (behind.due, behind.running) == (2, 3)
    assert behind.oldest is not None


def test_a_tenant_that_asks_to_wait_is_left_alone_and_the_others_are_not(customer):
    busy, other = connected(customer, "voice-1"), connected(customer, "voice-2", tenant=str(uuid4()))
    same = connected(customer, "voice-3")
    all_due()
    with within_everything("a test"):
        Care.objects.exclude(connection__service_id=busy).update(validate_at=clock.now() + DAY)
    fleet.validate_due(now=clock.now())
    look(busy, BUSY, busy_seconds=90.0)
    with within_everything("a test"):
        assert Pause.objects.get(pk=TENANT).until > clock.now() + timedelta(seconds=80)
        Care.objects.update(tenant_id=TENANT)
        Care.objects.filter(connection__service_id=other).update(tenant_id="another")
    all_due()
    assert fleet.validate_due(now=clock.now()) == 1
    assert fleet.validate_due(now=clock.now() + timedelta(seconds=91)) == 2
    assert care_of(same).tenant_id == TENANT


def test_a_good_look_of_the_fleet_fills_no_log_and_a_bad_one_does(customer):
    service_id = connected(customer)

    def ended() -> int:
        rows = activity(organization_path=customer.path, limit=100)
        return sum(one.event == "connections:validation:ended" for one in rows)

    before = ended()
    all_due()
    fleet.validate_due(now=clock.now())
    look(service_id, GOOD, granted=frozenset(OLD))
    assert ended() == before
    all_due()
    fleet.validate_due(now=clock.now())
    look(service_id, CheckItem("permissions", "Permissions", "error", "Missing: User.Read.All."))
    assert ended() == before + 1


def test_an_old_registration_lacks_what_the_newest_version_has_and_repair_asks_for_just_that(provider, customer):
    service_id = connected(customer, version=1)
    all_due()
    fleet.validate_due(now=clock.now())
    look(service_id, GOOD, granted=frozenset(OLD))
    assert care_of(service_id).lacks == ["GroupMember.Read.All", "RoleManagement.Read.Directory"]
    with within(customer.path):
        assert [row.kind for row in alarms.open_for(service_id)] == ["drift"]
    client = sit_down(provider)
    line = row(client.get("/connections/?drift=less"), "voice-1")
    assert "GroupMember.Read.All" in line.get_text()
    page = soup(client.get(f"/services/{service_id}/repair/"))
    assert "RoleManagement.Read.Directory" in page.get_text()
    assert page.select_one("#id_recipient")["value"] == "grace.global@contoso.com"
    client.post(f"/services/{service_id}/repair/", {"recipient": "grace.global@contoso.com"})
    with within(customer.path):
        invitation = Invitation.objects.get()
    names = {entry.name for entry in explain(invitation.plan).permissions}
    assert {"GroupMember.Read.All", "RoleManagement.Read.Directory"} <= names
    assert invitation.purpose == "move"
    assert {"GroupMember.Read.All", "RoleManagement.Read.Directory"} <= set(" ".join(invitation.changes).split())
    with within(customer.path):
        assert Connection.objects.get(service_id=service_id).status == "ok"


def test_of_a_connection_that_fails_no_page_says_that_it_works_on(provider, customer):
    service_id = connected(customer)
    all_due()
    fleet.validate_due(now=clock.now())
    lost = CheckItem("permissions", "Permissions", "error", "Missing: User.Read.All.")
    look(service_id, lost, granted=frozenset(OLD))
    client = sit_down(provider)
    for page in ("repair", "configuration/m365"):
        said = soup(client.get(f"/services/{service_id}/{page}/")).get_text()
        assert "The connection in use is left as it is" in said
        assert "works on" not in said


def test_what_microsoft_does_not_offer_in_the_tenant_is_no_drift(customer):
    service_id = connected(customer, version=1)
    with within_everything("a test"):
        Registration.objects.update(beyond={"skipped": ["GroupMember.Read.All"]})
    all_due()
    fleet.validate_due(now=clock.now())
    look(service_id, GOOD, granted=frozenset({*OLD, "RoleManagement.Read.Directory"}))
    assert care_of(service_id).lacks == []
    with within(customer.path):
        assert alarms.open_for(service_id) == ()


def test_what_belongs_to_nothing_is_listed(provider, customer, monkeypatch):
    lost = connected(customer, "lost-1")
    connected(customer, "fine-1")
    with within_everything("a test"):
        Connection.objects.filter(service_id=lost).delete()
        Credential.objects.filter(service_id=lost).update(announced_at=clock.now() - 8 * DAY)
    monkeypatch.setattr("gangway.web.views.fleet.AT_MOST", 1)
    page = soup(sit_down(provider).get("/connections/orphans/"))
    assert "the first 1 are shown" not in page.get_text()
    services_listed, credentials_listed, _seen = (section.get_text() for section in page.select("main section"))
    assert "lost-1" in services_listed
    assert "fine-1" not in services_listed
    assert "lost-1-ab12" in credentials_listed
    assert "fine-1" not in credentials_listed


def test_a_directory_role_of_the_newest_version_is_lacking_too_where_somebody_could_see_the_roles(provider, customer):
    service_id, wanted = connected(customer), pinning.read(pin(features={"voice"})[0])
    first, *others = wanted.roles
    held = frozenset(role.template_id for role in others)
    for roles, lacking in ((None, []), (held, [first.name]), (held | {first.template_id}, [])):
        all_due()
        fleet.validate_due(now=clock.now())
        look(service_id, GOOD, granted=frozenset(entry.value for entry in wanted.permissions), roles=roles)
        assert care_of(service_id).lacks == lacking
        with within(customer.path):
            assert [row.kind for row in alarms.open_for(service_id)] == ["drift"] * len(lacking)
        page = soup(sit_down(provider).get(f"/services/{service_id}/repair/"))
        assert [each.get_text() for each in page.select("main li code")] == lacking


def test_a_policy_counts_for_all_below_that_have_none_and_a_freeze_for_all(provider):
    channel = make_channel(provider)
    customer = make_customer(channel)
    now = clock.now()
    with within(provider.path):
        policy.set_wishes(provider.id, Wishes(days_before=45, notice_days=0), by=SETUP, now=now)
        policy.add_freeze(channel.id, begins=now + DAY, ends=now + 3 * DAY, why="Move", by=SETUP, now=now)
    with within_everything("a test"):
        found = policy.wishes_for(customer.path, now=now)
    assert (found.days_before, found.notice_days, len(found.freezes)) == (45, 0, 1)
    with within(provider.path):
        policy.set_wishes(customer.id, Wishes(rotates=False), by=SETUP, now=now)
        (freeze,) = policy.freezes_of(channel.id)
        with pytest.raises(NoSuchFreeze):
            policy.end_freeze(freeze.id, organization_id=customer.id, by=SETUP, now=now)
        policy.end_freeze(freeze.id, organization_id=channel.id, by=SETUP, now=now)
    with within_everything("a test"):
        assert policy.wishes_for(customer.path, now=now) == Wishes(rotates=False)


def test_the_page_shows_what_counts_whoever_set_it_and_leads_back_to_that(provider):
    channel, now = make_channel(provider), clock.now()
    customer = make_customer(channel)
    with within(provider.path):
        policy.set_wishes(provider.id, Wishes(rotates=False, days_before=45, notice_days=0), by=SETUP, now=now)
        policy.add_freeze(provider.id, begins=now - DAY, ends=now + DAY, why="Secret move", by=SETUP, now=now)
    operator, page = sit_down(channel), reverse("web:rotation_policy", args=[customer.id])

    def shown() -> tuple[bool, str, bool]:
        found = soup(operator.get(page))
        text = found.get_text()
        assert ("Set at a level above" in text, "Secret move" in text, "Take away" in text) == (True, False, False)
        back = any(each.get_text() == "Use what is set above" for each in found.select("button"))
        return found.select_one("#id_rotates").has_attr("checked"), found.select_one("#id_days_before")["value"], back

    assert shown() == (False, "45", False)
    operator.post(page, {"rotates": "on", "days_before": "20", "notice_days": "5"})
    assert shown() == (True, "20", True)
    operator.post(page, {"days_before": "typed wrongly", "inherit": "yes"})
    assert shown() == (False, "45", False)
    refused = operator.post(reverse("web:freeze_add", args=[customer.id]), {"begins": "", "ends": "", "why": ""})
    assert soup(refused).select_one("#id_days_before")["value"] == "45"


def test_what_holds_for_a_whole_provider_is_set_by_its_admin_and_what_holds_for_a_customer_by_operators_too(provider):
    customer = make_customer(provider)
    operator, admin = (sit_down(provider, role=role) for role in (Role.OPERATOR, Role.ADMIN))
    for name in ("rotation_policy", "alarm_hours"):
        ours, theirs = (reverse(f"web:{name}", args=[where.id]) for where in (provider, customer))
        assert (operator.get(ours).status_code, operator.get(theirs).status_code) == (403, 200)
        assert admin.get(ours).status_code == 200
    assert operator.post(reverse("web:freeze_add", args=[provider.id])).status_code == 403


def test_days_and_freezes_that_make_no_sense_are_refused(provider):
    now = clock.now()
    with within(provider.path):
        with pytest.raises(PolicyWrong):
            policy.set_wishes(provider.id, Wishes(days_before=0), by=SETUP, now=now)
        with pytest.raises(FreezeWrong):
            policy.add_freeze(provider.id, begins=now, ends=now - DAY, why="", by=SETUP, now=now)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("2026-12-01T00:00", "9999-12-31T23:59"), ("9999-12-30T00:00", "9999-12-31T23:59"), ("0001-01-01T00:00", "")],
    ids=["too long", "too far", "long ago"],
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_freeze_has_a_year_that_somebody_meant_and_tells_by_which_clock_it_is_read(provider, begins, ends, zone):
    operator, page = sit_down(provider), reverse("web:freeze_add", args=[provider.id])
    operator.cookies[zones.CHOSEN] = zone
    soon = f"{clock.now() + DAY:%Y-%m-%dT%H:%M}"
    answer = operator.post(page, {"begins": begins, "ends": ends or soon, "why": ""})
    field = soup(answer).select_one("#freeze_ends").parent
    assert "longer than a year" in field.select_one(".errorlist").get_text()
    assert zone in field.select_one(".gw-help").get_text()
    with within(provider.path):
        assert policy.freezes_of(provider.id) == ()


def test_a_freeze_until_the_end_is_an_alarm_and_no_rotation(customer):
    granted = (*OLD, "Application.ReadWrite.OwnedBy")
    service_id = connected(customer, granted=granted, expires_at=clock.now() + 20 * DAY)
    now = clock.now()
    with within(customer.path):
        policy.add_freeze(customer.id, begins=now, ends=now + 30 * DAY, why="Merger", by=SETUP, now=now)
    tending.tend_due(now=clock.now())
    assert care_of(service_id).rotation == Rotation.FROZEN
    with within(customer.path):
        assert {"rotation", "credential_ends"} == {row.kind for row in alarms.open_for(service_id)}


def test_whoever_was_needed_came_and_what_is_suspended_has_no_alarms(customer):
    service_id = connected(customer, expires_at=clock.now() + 5 * DAY, made_at=clock.now() - 300 * DAY)
    with within_everything("a test"):
        Care.objects.update(rotation=Rotation.NEEDS_CUSTOMER.value)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        assert [row.kind for row in alarms.open_for(service_id)] == ["credential_ends"]
        Credential.objects.update(made_at=clock.now(), expires_at=clock.now() + 365 * DAY)
        actions.validate_connection(service_id=service_id, by=SETUP, now=clock.now())
    look(service_id, GOOD, granted=frozenset(OLD))
    tending.tend_due(now=clock.now())
    assert care_of(service_id).rotation == Rotation.NONE
    with within(customer.path):
        assert {row.kind for row in alarms.open_for(service_id)} <= {"drift"}
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    tending.tend_due(now=clock.now())
    with within(customer.path):
        assert alarms.open_for(service_id) == ()


def test_of_a_typed_credential_people_are_warned_at_once_however_late_it_was_typed(customer):
    service_id = connected(customer, origin=GIVEN, made_at=None, expires_at=clock.now() + 25 * DAY)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        assert [row.kind for row in alarms.open_for(service_id)] == ["credential_ends"]


def test_a_typed_credential_is_not_rotated_and_the_page_says_who_renews_it(provider, customer):
    service_id = connected(customer, origin=GIVEN)
    with within(customer.path), pytest.raises(CannotRotateNow):
        rotate_now(service_id=service_id, by=SETUP, now=clock.now())
    page = soup(sit_down(provider).get(f"/services/{service_id}/configuration/m365/"))
    assert "the customer renews it" in page.get_text()
    assert page.select_one('form[action$="/rotate/"]') is None


def test_what_may_not_renew_itself_is_not_rotated_by_hand_and_nobody_is_warned(customer):
    service_id = connected(customer, granted=OLD)
    with within(customer.path):
        with pytest.raises(CannotRotateNow):
            rotate_now(service_id=service_id, by=SETUP, now=clock.now())
        assert care_of(service_id).rotation == Rotation.NONE
        assert alarms.open_for(service_id) == ()


def test_rotate_now_is_one_run_and_leads_to_it(provider, customer):
    service_id = connected(customer, granted=(*OLD, "Application.ReadWrite.OwnedBy"))
    client = sit_down(provider)
    page = soup(client.get(f"/services/{service_id}/configuration/m365/"))
    assert page.select_one('form[action$="/rotate/"]')
    first, second = (client.post(f"/services/{service_id}/configuration/m365/rotate/")["Location"] for _ in range(2))
    assert first == second
    assert first.startswith("/runs/")
    assert care_of(service_id).rotation == Rotation.UNDER_WAY
    monitor = sit_down(provider, role=Role.MONITOR)
    assert monitor.post(f"/services/{service_id}/configuration/m365/rotate/").status_code == 403


def test_the_connections_page_shows_the_backlog_and_narrows_by_the_address(provider, customer):
    client: Client = sit_down(provider)
    assert "No connection yet" in soup(client.get("/connections/")).get_text()
    connected(customer, "voice-1")
    connected(customer, "voice-2")
    all_due()
    page = soup(client.get("/connections/?q=voice-2&status=ok"))
    assert [line.select_one("a").get_text() for line in page.select("tbody tr")] == ["voice-2"]
    assert "Waiting for their look2" in page.select_one(".gw-statuses").get_text().replace(" ", " ")
    assert "No connection is like that" in soup(client.get("/connections/?rotation=failed")).get_text()


def test_rotation_and_freezes_are_set_on_their_page_and_wrong_values_stay(provider, customer):
    client, address = sit_down(provider), f"/connections/rotation/{customer.id}/"
    wrong = client.post(address, {"rotates": "on", "days_before": "999", "notice_days": "5"})
    assert "not possible" in error_at(wrong, "days_before")
    assert soup(wrong).select_one("#id_days_before")["value"] == "999"
    client.post(address, {"days_before": "50", "notice_days": "5"})
    assert soup(client.get(address)).select_one("#id_days_before")["value"] == "50"
    late = client.post(f"{address}freezes/", {"begins": "2020-01-02T00:00", "ends": "2020-01-01T00:00", "why": "x"})
    assert "over before it begins" in soup(late).select_one("#freeze_ends_error").get_text()
    begins, ends = (f"{clock.now() + days * DAY:%Y-%m-%dT%H:%M}" for days in (-9, 9))
    client.post(f"{address}freezes/", {"begins": begins, "ends": ends, "why": "End of the year"})
    page = soup(client.get(address))
    assert "End of the year" in page.get_text()
    asked = page.select_one('form[action$="/end/"]')
    assert asked.find_parent("dialog").h2.get_text().startswith("Take the freeze ")
    assert f"{clock.now() + 9 * DAY:%Y}" in asked.h2.get_text()
    client.post(asked["action"])
    assert "None is set." in soup(client.get(address)).get_text()


def test_a_suspended_connection_stays_in_the_list_with_its_state_and_promises_no_renewal(provider, customer):
    service_id = connected(customer, "voice-1", granted=(*OLD, "Application.ReadWrite.OwnedBy"))
    connected(customer, "voice-2")
    tending.tend_due(now=clock.now())
    client, address = sit_down(provider), f"/services/{service_id}/configuration/m365/"
    assert "Renewed by itself on" in soup(client.get(address)).get_text()
    with within(customer.path):
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    assert "Renewed by itself on" not in soup(client.get(address)).get_text()
    told = row(client.get("/connections/"), "voice-1").get_text()
    assert "Suspended" in told
    assert "Next look" not in told
    only = soup(client.get("/connections/?status=suspended"))
    assert [line.select_one("a").get_text() for line in only.select("tbody tr")] == ["voice-1"]
    assert "voice-1" not in soup(client.get("/connections/?status=unknown")).select_one("#list").get_text()


def test_before_a_worker_has_planned_a_renewal_no_page_says_that_it_is_by_hand(provider, customer):
    service_id = connected(customer, "voice-1", granted=(*OLD, "Application.ReadWrite.OwnedBy"))
    client, address = sit_down(provider), f"/services/{service_id}/configuration/m365/"

    def listed(rotation: str) -> bool:
        return "voice-1" in soup(client.get(f"/connections/?rotation={rotation}")).select_one("#list").get_text()

    told = row(client.get("/connections/"), "voice-1").get_text()
    assert "Being looked at" in told
    assert "By hand" not in told
    assert "The day is being planned" in soup(client.get(address)).get_text()
    assert [listed(one) for one in ("looked_at", "none", "planned")] == [True, False, False]
    tending.tend_due(now=clock.now())
    assert "Planned" in row(client.get("/connections/"), "voice-1").get_text()
    assert "being planned" not in soup(client.get(address)).get_text()
    assert [listed(one) for one in ("looked_at", "none", "planned")] == [False, False, True]


def test_of_a_renewal_by_itself_that_nobody_wants_the_page_says_so(provider, customer):
    service_id = connected(customer, "voice-1", granted=(*OLD, "Application.ReadWrite.OwnedBy"))
    with within(customer.path):
        policy.set_wishes(customer.id, Wishes(rotates=False), by=SETUP, now=clock.now())
    tending.tend_due(now=clock.now())
    client = sit_down(provider)
    assert "By hand" in row(client.get("/connections/"), "voice-1").get_text()
    page = soup(client.get(f"/services/{service_id}/configuration/m365/")).get_text()
    assert "switched off under Rotation and freezes" in page
    assert "being planned" not in page


def test_what_was_seen_before_a_connection_is_looked_after_is_known_from_then_on(provider, customer):
    service_id = connected(customer)
    page = soup(sit_down(provider).get(f"/services/{service_id}/configuration/m365/")).get_text()
    assert "this registration may not renew itself" in page
    assert "is not known yet" not in page
    assert care_of(service_id).lacks is not None


@pytest.mark.parametrize(
    ("changed", "why", "way"),
    [
        ({}, "An administrator of the customer renews it by a link.", True),
        ({"origin": GIVEN}, "the customer made this credential, so the customer renews it", True),
        ({"kind": "federated"}, "there is nothing to rotate", False),
    ],
)
def test_where_rotate_now_would_stand_the_page_says_why_it_does_not_and_what_to_do(
    provider, customer, changed, why, way
):
    service_id = connected(customer)
    with within(customer.path):
        Credential.objects.update(**changed)
    page = sit_down(provider).get(f"/services/{service_id}/configuration/m365/")
    card = soup(page).select_one("[aria-labelledby=val]")
    assert why in card.get_text()
    assert not [button for button in card("button") if "Rotate now" in button.get_text()]
    ways = [link for link in card.select(f'a[href="/services/{service_id}/again/"]') if "Ask" in link.get_text()]
    assert bool(ways) is way


def test_what_can_be_done_for_call_quality_stands_on_one_card(provider, customer):
    service_id = connected(customer)
    page = soup(sit_down(provider).get(f"/services/{service_id}/configuration/m365/"))
    cards = [card for card in page.select("section.gw-card") if "call quality" in card.get_text().casefold()]
    assert [card.h2.get_text() for card in cards] == ["QOE Integration with Microsoft Teams"]
    ways = [way.get_text(" ", strip=True) for way in cards[0].select(".btn")]
    assert [way.split(" Call")[0] for way in ways] == ["Ask for it", "Add Microsoft Teams Device (Direct Routing)"]


def test_the_first_look_finds_what_is_missing_though_nothing_looked_after_the_connection_yet(customer):
    service_id = connected(customer)
    with within_everything("a test"):
        Care.objects.all().delete()
        actions.validate_connection(service_id=service_id, by=SETUP, now=clock.now())
    look(service_id, GOOD, granted=frozenset(OLD[1:]))
    assert OLD[0] in care_of(service_id).lacks


def test_tokens_that_microsoft_refused_were_asked_for_and_not_given(provider, customer, monkeypatch):
    async def refuse(**_asked: object) -> None:
        raise Busy

    monkeypatch.setattr(handing, "token_pair", refuse)
    service_id, admin = connected(customer), make_operator(provider)
    with callers_thread(), pytest.raises(Busy):
        async_to_sync(handing.hand_out)(service_id=service_id, operator_id=admin, purpose="a test", now=clock.now())
    with within(customer.path):
        events = [
            row.event for row in activity(organization_path=customer.path, subject=f"service:{service_id}", limit=9)
        ]
    assert [one for one in events if "tokens" in one] == ["connections:tokens:asked"]


def test_all_that_belongs_to_nothing_is_shown_however_much_there_is(provider, customer, monkeypatch):
    monkeypatch.setattr("gangway.web.views.fleet.AT_MOST", 2)
    for number in range(5):
        connected(customer, f"voice-{number}")
    with within_everything("a test"):
        Connection.objects.all().delete()
        Credential.objects.update(announced_at=clock.now() - 30 * DAY)
        Registration.objects.update(app_id="0a0a0a0a-0000-4000-8000-000000000001")
    client, named = sit_down(provider), []
    for number in (1, 2, 3):
        page = soup(client.get(f"/connections/orphans/?page={number}"))
        named += [[row.th.get_text(" ", strip=True) for row in table.select("tbody tr")] for table in page("table")]
        links = [one["rel"][0] for one in page.select("nav.gw-pages a")]
        assert links == {1: ["next"], 2: ["prev", "next"], 3: ["prev"]}[number]
    assert [len(rows) for rows in named] == [2, 2, 2, 2, 2, 2, 1, 1, 1]
    for kind in range(3):
        shown = [one for rows in named[kind::3] for one in rows]
        assert len(set(shown)) == 5
    assert "There are no more." in soup(client.get("/connections/orphans/?page=4")).text


@pytest.mark.django_db(transaction=True)
def test_a_status_that_changes_while_a_connection_is_taken_up_is_the_one_that_lists_show(monkeypatch):
    customer = make_customer()
    service_id, new, looked = connected(customer), adopting._new, Event()
    with within_everything("a test"):
        Care.objects.all().delete()

    def slowly(row: Connection, now: datetime) -> Care:
        made = new(row, now)
        looked.set()
        sleep(0.3)
        return made

    def changes() -> None:
        looked.wait(5)
        with within_everything("a test"):
            found = Connection.objects.get(service_id=service_id)
            found.status, found.status_since = "error", clock.now()
            found.save(update_fields=["status", "status_since"])

    monkeypatch.setattr(adopting, "_new", slowly)
    race(lambda: adopting.adopt_new(now=clock.now()), changes)
    assert care_of(service_id).standing == "error"


def test_a_look_that_is_over_just_when_somebody_asks_for_another_hinders_nobody(customer, monkeypatch):
    service_id, real, asked = connected(customer), fleet.whose, []
    all_due()
    fleet.validate_due(now=clock.now())

    def ends_meanwhile(row: Connection) -> Any:
        asked.append(row)
        if len(asked) == 2:  # one was there when ours was written, and is over when theirs is looked for
            Validation.objects.filter(state="queued").update(state="done", ended_at=clock.now())
        return real(row)

    monkeypatch.setattr(fleet, "whose", ends_meanwhile)
    with within(customer.path):
        mine = fleet.queue(Connection.objects.get(service_id=service_id), by=SETUP, now=clock.now())
        assert Validation.objects.get(state="queued").pk == mine


@pytest.mark.django_db(transaction=True)
def test_a_person_who_validates_in_the_same_moment_holds_up_nobody_elses_look(monkeypatch):
    customer, asked = make_customer(), Event()
    first, second = connected(customer, "voice-1"), connected(customer, "voice-2")
    all_due()

    def person() -> None:
        with within_everything("a test"), transaction.atomic():
            actions.validate_connection(service_id=first, by=SETUP, now=clock.now())
            asked.set()
            sleep(0.3)

    def workers() -> None:
        asked.wait(5)
        fleet.validate_due(now=clock.now())

    assert race(person, workers) == [None, None]
    with within_everything("a test"):
        looks = Validation.objects.filter(state="queued").order_by("asked_by")
        assert {(one.connection.service_id, one.asked_by) for one in looks} == {
            (first, SETUP.name),
            (second, fleet.FLEET.name),
        }


def test_the_right_to_renew_itself_is_added_by_an_administrator_whom_repair_asks(provider, customer):
    service_id = connected(customer)
    client, place = sit_down(provider), f"/services/{service_id}/repair/"
    link = soup(client.get(f"/services/{service_id}/configuration/m365/")).select_one(
        f'a[href="{place}?add=self-rotation"]'
    )
    page = soup(client.get(link["href"]))
    assert page.select_one('input[value="self-rotation"]').has_attr("checked")
    assert "an administrator of the customer signs in by a link" in page.get_text()
    client.post(place, {"recipient": "grace.global@contoso.com", "adding": ["self-rotation"]})
    with within(customer.path):
        (invitation,) = Invitation.objects.all()
    assert invitation.purpose == "repair"
    assert "Application.ReadWrite.OwnedBy" in {entry.name for entry in explain(invitation.plan).permissions}
    assert "Renews its own secret" in " ".join(invitation.changes)


def test_the_right_to_renew_itself_is_not_offered_twice(provider, customer):
    service_id = connected(customer, granted=(*OLD, "Application.ReadWrite.OwnedBy"))
    page = soup(sit_down(provider).get(f"/services/{service_id}/repair/"))
    assert page.select_one('input[value="self-rotation"]') is None
