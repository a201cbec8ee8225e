"""Runs that wait: what remains is stored, looked at by the registration itself, finished, reminded of, and ended."""

import os
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync

from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.microsoft.graph import applications, grants
from gangway.microsoft.graph.session import GraphSession
from gangway.organizations.scope import within
from gangway.provisioning import actions, credential_rows, looking, queries, sign_in_application, tasks, waiting
from gangway.provisioning.engine.remaining import WaitsFor
from gangway.provisioning.errors import CheckedJustNow, NotADayToPlan, NotWaiting
from gangway.provisioning.models import Waiting
from gangway.provisioning.queries import WaitingView
from gangway.provisioning.shapes import RunView
from gangway.provisioning.sign_in_application import Stays
from gangway.provisioning.states import RunState, StepState
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.emulator.conftest import avery, grace, riley
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HOME = "http://localhost:8000"


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
    """The sign-in application is consented for its administrators."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"public_url": HOME})
    tenant.token(grace)
    return tenant


@pytest.fixture
def waits(tenant: Tenant) -> Work:
    """An Application Administrator has done their part."""
    work = make_work()
    assert work.done(tenant.token(avery)).state is RunState.WAITING
    return work


def view(work: Work) -> WaitingView:
    with within(work.customer.path):
        found = queries.waiting_of(work.run_id)
    assert found is not None
    return found


def check(work: Work) -> RunView:
    """*Check now*, a while after the last one."""
    with within(work.customer.path):
        Waiting.objects.filter(run_id=work.run_id).update(checked_at=None)
        actions.check_now(run_id=work.run_id, by=BY, now=clock.now())
    run_until_idle()
    return work.run()


def consent(tenant: Tenant, address: str, who: tuple[str, str] = riley) -> dict[str, str]:
    """Follow the link to Microsoft's consent page and accept; what our page would be told."""
    browser = tenant.emulator.browser()
    browser.session.hooks["response"] = [_stop_at_home]
    page = browser.press(browser.open(address), "Next", loginfmt=who[0])
    page = browser.press(page, "Sign in", passwd=who[1])
    page = browser.press(page, "Accept")
    query = parse_qs(urlsplit(page.response.headers["X-Returned"]).query)
    return {key: values[0] for key, values in query.items()}


def _stop_at_home(response: Any, **_: Any) -> Any:
    if response.headers.get("Location", "").startswith(HOME):
        response.headers["X-Returned"] = response.headers.pop("Location")
    return response


def give_roles_by_hand(tenant: Tenant, work: Work) -> None:
    """What a Privileged Role Administrator does in the portal, by the same Graph calls."""
    token, principal = tenant.token(riley), work.registration().service_principal_id
    roles = list(work.registration_row().plan["roles"].values())

    async def give() -> None:
        graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
        for role in roles:
            await graph.call(grants.assign_role(principal, role_id=role))

    async_to_sync(give)()


def test_what_remains_is_named_with_who_may_do_it(waits):
    found = view(waits)
    assert found.kind is WaitsFor.CONSENT_AND_ROLES
    assert {"Organization.Read.All", "Teams Telephony Administrator"} <= {one.name for one in found.remaining}
    assert found.who == ("Privileged Role Administrator or Global Administrator",)
    assert found.can_check
    assert "App registration created" in found.done
    assert (found.deadline_at - found.since).days == 60


def test_nothing_has_come_yet_is_said_and_one_cannot_ask_again_at_once(waits):
    assert check(waits).state is RunState.WAITING
    assert view(waits).found == "Nothing of it has come yet."
    with within(waits.customer.path), pytest.raises(CheckedJustNow):
        actions.check_now(run_id=waits.run_id, by=BY, now=clock.now())


def test_consent_page_and_roles_by_hand_finish_it_without_any_sign_in_here(tenant, waits):
    back = consent(tenant, view(waits).consent_url)
    assert back["admin_consent"] == "True"
    assert queries.consented_run(back["state"]) == waits.run_id
    assert check(waits).state is RunState.WAITING
    half = view(waits)
    assert (half.kind, half.consent_url, half.found) == (WaitsFor.ROLES, "", "Some of it has come.")
    assert "consent" not in waits.run().waiting_for
    give_roles_by_hand(tenant, waits)
    done = check(waits)
    assert (done.state, done.error) == (RunState.PROVED, None)
    assert {step.state for step in done.steps if step.kind in {"grant_permission", "assign_role"}} == {StepState.DONE}
    about = waits.registration()
    assert {right.proof for right in about.permissions} == {"token_claim"}
    assert about.sign_in_application_removed == "no"
    assert tenant.has_sign_in_application()
    assert waits.orphans(tenant) == []
    with within(waits.customer.path):
        assert waits.run_id
        assert sign_in_application.stays(waits.run_id) is Stays.LEFT


def test_application_administrator_may_not_consent_on_that_page(tenant, waits):
    browser = tenant.emulator.browser()
    page = browser.press(browser.open(view(waits).consent_url), "Next", loginfmt=avery[0])
    assert "Need admin approval" in browser.press(page, "Sign in", passwd=avery[1]).text


def test_a_privileged_role_administrator_finishes_with_a_token_for_their_part_only(tenant, waits):
    with within(waits.customer.path):
        plan, parts = waits.registration_row().plan, queries.parts_left(waits.run_id)
        scopes = queries.scopes_for(plan, parts=parts)
    assert len(scopes) == len(set(scopes)) == 7
    waits.resume(tenant.token(riley))
    run_until_idle()
    assert waits.run().state is RunState.PROVED
    assert waits.orphans(tenant) == []


def test_a_state_of_our_own_making_only_is_known(waits):
    assert queries.consented_run("") is None
    assert queries.consented_run(f"{waits.run_id}:forged:signature") is None


def test_a_deleted_registration_is_said_and_the_wait_goes_on(tenant, waits):
    token, object_id = tenant.token(grace), waits.registration().object_id

    async def delete() -> None:
        graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
        await graph.call(applications.delete(object_id))

    async_to_sync(delete)()
    assert check(waits).state is RunState.WAITING
    assert "perhaps somebody deleted it" in view(waits).found
    assert view(waits).trouble is not None


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    before = float(os.environ.get("GANGWAY_CLOCK_OFFSET_SECONDS", "0"))
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", str(before + days * 86_400))


def test_after_its_own_deadline_it_ends_and_lists_what_is_left_although_its_credential_can_t_be_opened(
    waits, monkeypatch
):
    Sealed.objects.filter(place=credential_rows.SECRET).update(ciphertext=b"changed")
    assert check(waits).state is RunState.WAITING
    assert view(waits).trouble.code == "vault:seal:broken"
    later(monkeypatch, 61)
    tasks.take_up_waiting()
    run_until_idle()
    run = waits.run()
    assert run.state is RunState.FAILED
    assert run.error.code == "provisioning:waiting:too_long"
    assert "within 60 days" in run.error.what
    assert waits.registration().app_id in run.error.cure
    with within(waits.customer.path), pytest.raises(NotWaiting):
        actions.check_now(run_id=waits.run_id, by=BY, now=clock.now())


def test_it_can_still_be_finished_after_that(tenant, waits, monkeypatch):
    later(monkeypatch, 61)
    tasks.take_up_waiting()
    run_until_idle()
    monkeypatch.delenv("GANGWAY_CLOCK_OFFSET_SECONDS")
    waits.resume(tenant.token(grace))
    run_until_idle()
    assert waits.run().state is RunState.PROVED


def test_looks_become_rarer_and_a_lost_worker_loses_no_look(waits, monkeypatch):
    with within(waits.customer.path):
        row = Waiting.objects.get(run_id=waits.run_id)
    ages = [timedelta(), timedelta(minutes=30), timedelta(hours=5), timedelta(days=3), timedelta(days=30)]
    pauses = [waiting.next_look(row, now=row.since + age) - (row.since + age) for age in ages]
    assert pauses == sorted(pauses)
    assert pauses[-1] == waiting.LONGEST_PAUSE
    looking._claim(waits.run_id, clock.now())
    later(monkeypatch, 1 / 24)
    tasks.take_up_waiting()
    run_until_idle()
    assert view(waits).checked_at is not None


def test_reminders_are_counted_silent_before_a_planned_day_and_stopped_on_request(waits):
    now, remind = clock.now(), partial(actions.reminded, run_id=waits.run_id, by=BY)
    with within(waits.customer.path):
        assert not remind(now=now + timedelta(days=2))
        assert remind(now=now + timedelta(days=3, hours=1))
        assert not remind(now=now + timedelta(days=3, hours=2))
        day = (now + timedelta(days=30)).date()
        actions.plan_for(run_id=waits.run_id, day=day, by=BY, now=now + timedelta(days=4))
        assert not remind(now=now + timedelta(days=29))
        assert queries.waiting_of(waits.run_id).next_reminder_at.date() == day + timedelta(days=1)
        actions.stop_reminders(run_id=waits.run_id, by=BY, now=now)
        assert not remind(now=now + timedelta(days=50))
        found = queries.waiting_of(waits.run_id)
        assert (found.reminders, found.next_reminder_at) == (1, None)


def test_a_planned_day_lies_within_the_wait(waits):
    now = clock.now()
    for days in (-2, 61):
        with within(waits.customer.path), pytest.raises(NotADayToPlan) as told:
            actions.plan_for(run_id=waits.run_id, day=(now + timedelta(days=days)).date(), by=BY, now=now)
        assert told.value.field == "planned_on"


def test_everything_that_happens_to_a_wait_is_in_the_log(tenant, waits):
    consent(tenant, view(waits).consent_url)
    check(waits)
    with within(waits.customer.path):
        actions.plan_for(run_id=waits.run_id, day=None, by=BY, now=clock.now())
        actions.stop_reminders(run_id=waits.run_id, by=BY, now=clock.now())
        seen = {row.event for row in audit.activity(organization_path=waits.customer.path)}
    assert {
        f"provisioning:waiting:{what}" for what in ("check_asked", "shrank", "planned", "reminders_stopped")
    } <= seen
