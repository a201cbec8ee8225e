"""Runs that rest while Microsoft is copying: looked at by schedule, across crashes, until proved or honestly failed."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.microsoft.graph import session
from gangway.microsoft.throttling import Gates
from gangway.organizations.scope import within
from gangway.provisioning import actions, opening, queries, tasks
from gangway.provisioning.engine.apply import GIVEN_UP, THERE_ALREADY
from gangway.provisioning.errors import RunOver
from gangway.provisioning.models import StepRecord, TenantLease
from gangway.provisioning.queries import scopes_for
from gangway.provisioning.states import RunState, StepState
from gangway.vault.models import Sealed
from tests.contract.tenant import MAKES_UNITS, Tenant
from tests.contract.test_features import TEAMS_ADMINISTRATOR
from tests.emulator.conftest import grace
from tests.rooms.factories_provisioning import BY, Work, make_work
from tests.rooms.test_provisioning_runs import Killed, check, delete, run_until_killed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

A_WHILE = 900
LEFT_OUT = "TeamsUserConfiguration.Read.All"
LAGGING_TOKENS = {"tokens_after_seconds": A_WHILE}


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
    """Our patience is short, the first look follows at once."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"propagation_deadline_seconds": 1})
    return tenant


@pytest.fixture
def lagging(tenant: Tenant) -> Tenant:
    """New roles are in no token for a while."""
    tenant.fault("roles", {"kind": "roleAssignment"}, LAGGING_TOKENS)
    return tenant


def catch_up(tenant: Tenant) -> None:
    """Microsoft has copied everything."""
    tenant.control("DELETE", "faults/roles")
    reset_lag(tenant)


def reset_lag(tenant: Tenant) -> None:
    tenant.control("POST", "clock", json={"advance": A_WHILE + 1})


def time_passes(column: str = "look_at", hours: float = 1) -> None:
    """The moment to look again comes; a lease whose holder is dead is over."""
    past = clock.now() - timedelta(hours=hours)
    TenantLease.objects.update(expires_at=past)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE provisioning_run SET {column} = %s WHERE {column} IS NOT NULL", [past])  # noqa: S608


def look_again() -> None:
    time_passes()
    tasks.wake()
    run_until_idle()


def sealed(work: Work) -> bool:
    """Whether the delegated token can still be opened by a worker."""
    return Sealed.objects.filter(pk=work.token_id, ciphertext__isnull=False).exists()


@pytest.fixture
def work(lagging: Tenant) -> Work:
    """A run that rests, because Microsoft's tokens don't have the new roles yet."""
    work = make_work()
    work.start(lagging.token())
    work.token_id = work.row().token_sealed_id
    run_until_idle()
    return work


def test_a_lagging_tenant_is_no_failure_the_run_rests_and_says_so(work):
    run = work.run()
    assert (run.state, run.error, run.is_over) == (RunState.COPYING, None, False)
    assert run.headline.startswith("Microsoft is still copying this; usually under a minute.")
    assert work.registration().state == "making"
    assert {step.state for step in run.steps if step.kind == "assign_role"} == {StepState.DONE}


def test_it_keeps_the_token_for_the_goodbye_and_nothing_longer(work, lagging):
    assert sealed(work)
    catch_up(lagging)
    look_again()
    assert work.run().state is RunState.PROVED
    assert not sealed(work)
    assert work.orphans(lagging) == []
    assert not lagging.has_sign_in_application()


def test_it_is_looked_at_again_and_again_less_often(work):
    first = work.row().look_at
    assert first > clock.now()
    look_again()
    row = work.row()
    assert (row.state, row.looks) == ("copying", 1)
    assert (row.look_at - clock.now()) > (first - clock.now())


def test_nobody_looks_before_the_time_has_come(work):
    tasks.wake()
    assert run_until_idle() == 0


def credentials_in(tenant: Tenant, work: Work) -> list[str]:
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    (body,) = [row for row in rows if row.get("uniqueName") == f"gangway-{work.registration_id}"]
    return [row["keyId"] for row in body["passwordCredentials"]]


def test_after_the_deadline_it_fails_with_what_microsoft_said_last_and_its_credential_goes(work, lagging):
    (kept,) = credentials_in(lagging, work)
    assert [kept] == list(work.secrets())
    time_passes("copying_since", hours=2)
    look_again()
    run = work.run()
    assert credentials_in(lagging, work) == []
    assert run.error
    assert (run.state, run.error.code) == (RunState.FAILED, "microsoft:copies:too_slow")
    assert not sealed(work)


def test_a_worker_that_dies_while_it_looks_is_followed_by_another(work, lagging, monkeypatch):
    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    monkeypatch.setattr("gangway.provisioning.conduct._engine", die)
    time_passes()
    tasks.wake()
    run_until_killed()
    monkeypatch.undo()
    assert work.run().state is RunState.COPYING
    catch_up(lagging)
    look_again()
    assert work.run().state is RunState.PROVED
    assert work.orphans(lagging) == []


def test_a_look_of_a_worker_that_is_asked_to_stop_is_due_at_once(work):
    time_passes()
    opened = opening.open_run(work.run_id, owner="one", now=clock.now())
    assert opened
    assert opening.open_run(work.run_id, owner="another", now=clock.now()) is None
    opening.give_back(opened, now=clock.now())
    assert opening.open_run(work.run_id, owner="another", now=clock.now())


def test_without_the_token_the_registration_proves_itself_and_the_goodbye_is_a_leftover(work, lagging):
    Sealed.objects.filter(pk=work.token_id).update(ciphertext=None, destroyed_at=clock.now())
    catch_up(lagging)
    look_again()
    run, about = work.run(), work.registration()
    assert run.state is RunState.PROVED
    assert about.sign_in_application_removed == "no"
    assert {right.proof for right in about.permissions} == {"token_claim"}
    assert {right.proof for right in about.roles} == {"read_back"}
    assert lagging.has_sign_in_application()
    assert (run.steps[-1].state, "still there" in run.steps[-1].words) == (StepState.FAILED, True)


def test_without_the_token_nobody_misses_what_microsoft_would_not_give_for_an_optional_feature(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"propagation_deadline_seconds": 2.5})
    tenant.fault("late", {"kind": "roleAssignment"}, {"tokens_after_seconds": 6})
    refused = {"status": 400, "code": "Request_BadRequest"}
    tenant.fault("no", {"method": "POST", "path": "*/appRoleAssignments", "nth": 5}, refused)
    work = make_work(choices={"features": ["teams-reading"]})
    work.start(tenant.token())
    token_id = work.row().token_sealed_id
    run_until_idle()
    assert work.run().state is RunState.COPYING
    Sealed.objects.filter(pk=token_id).update(ciphertext=None, destroyed_at=clock.now())
    time.sleep(3)
    look_again()
    assert work.run().state is RunState.PROVED
    assert {right.name: right.state for right in work.registration().permissions}[LEFT_OUT] == "left_out"


def test_without_the_token_the_end_of_roles_that_pim_gave_is_known_nevertheless(lagging):
    work = make_work(choices={"role_days": 90})
    work.start(lagging.token())
    token_id = work.row().token_sealed_id
    run_until_idle()
    assert work.run().state is RunState.COPYING
    Sealed.objects.filter(pk=token_id).update(ciphertext=None, destroyed_at=clock.now())
    catch_up(lagging)
    look_again()
    assert work.run().state is RunState.PROVED
    ends = work.registration().roles_end_at
    assert ends
    assert timedelta(days=89) < ends - clock.now() < timedelta(days=91)


@pytest.fixture
def in_berlin(tenant: Tenant) -> tuple[Work, str]:
    """A run that rests, whose role reaches one administrative unit; its token is gone. With a token of its signer's."""
    choices = {"features": ["voice", "administrative-unit"], "role_choice": "teams", "unit": "Berlin"}
    scopes = scopes_for(queries.pin(version=2, **choices)[0])
    token = tenant.token(grace, *scopes, MAKES_UNITS).reveal()
    post(tenant, token, "directory/administrativeUnits", displayName="Berlin")
    tenant.fault("grants", {"kind": "appRoleAssignment"}, LAGGING_TOKENS)
    work = make_work(choices=choices)
    work.start(token)
    token_id = work.row().token_sealed_id
    run_until_idle()
    assert work.run().state is RunState.COPYING
    Sealed.objects.filter(pk=token_id).update(ciphertext=None, destroyed_at=clock.now())
    tenant.control("DELETE", "faults/grants")
    reset_lag(tenant)
    return work, token


def post(tenant: Tenant, token: str, path: str, **body: str) -> str:
    """Make something in the tenant; gives its id."""
    url, bearer = f"{tenant.emulator.url}/v1.0/{path}", {"Authorization": f"Bearer {token}"}
    made = tenant.emulator.session.post(url, json=body, headers=bearer)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def move_to_rome(tenant: Tenant, token: str) -> None:
    """Somebody gives the registration its role for another unit instead."""
    roles = tenant.state()["role_assignments"].values()
    (one,) = [row for row in roles if row["roleDefinitionId"] == TEAMS_ADMINISTRATOR]
    delete(tenant, f"/roleManagement/directory/roleAssignments/{one['id']}")
    rome = f"/administrativeUnits/{post(tenant, token, 'directory/administrativeUnits', displayName='Rome')}"
    role = {name: one[name] for name in ("principalId", "roleDefinitionId")}
    post(tenant, token, "roleManagement/directory/roleAssignments", **role, directoryScopeId=rome)


def test_without_the_token_a_role_for_one_unit_is_read_back_by_the_registration_itself(in_berlin):
    work, _ = in_berlin
    look_again()
    assert work.run().state is RunState.PROVED
    assert {role.name: role.proof for role in work.registration().roles}["Teams Administrator"] == "read_back"


def test_without_the_token_a_role_for_another_unit_proves_nothing(in_berlin, tenant):
    work, token = in_berlin
    move_to_rome(tenant, token)
    look_again()
    assert work.run().state is RunState.COPYING


def test_a_role_that_was_moved_to_another_unit_is_missing_when_it_is_looked_at(in_berlin, tenant):
    work, token = in_berlin
    look_again()
    in_unit = "Read back, for the administrative unit: Teams Administrator."
    assert roles_seen(work) == ("ok", f"Directory Readers. {in_unit}"), "a limited role stands in no token"
    move_to_rome(tenant, token)
    assert roles_seen(work) == ("error", "Missing: Teams Administrator.")


def test_a_role_for_a_unit_that_nobody_ever_looked_up_is_not_said_to_be_the_right_one(in_berlin):
    work, _ = in_berlin
    with connection.cursor() as cursor:
        cursor.execute("UPDATE provisioning_steprecord SET result = '{}'")
    look_again()
    assert work.run().state is RunState.PROVED
    assert {role.name: role.proof for role in work.registration().roles}["Teams Administrator"] == "unknown"
    state, words = roles_seen(work)
    assert (state, "which administrative unit" in words) == ("ok", True)


def roles_seen(work: Work) -> tuple[str, str]:
    """What a look at the registration says of its roles."""
    (item,) = [item for item in check(work).items if item.key == "roles"]
    return item.state, item.words.removeprefix("Read back; role in token, not called yet: ")


def test_a_right_that_was_given_up_meanwhile_is_not_said_to_have_been_there(tenant):
    work = make_work(choices={"features": {"voice", "self-rotation"}})
    tenant.fault("roles", {"kind": "roleAssignment"}, LAGGING_TOKENS)
    work.start(tenant.token())
    run_until_idle()
    lost = ["grant:Application.ReadWrite.OwnedBy", "grant:Organization.Read.All"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE provisioning_steprecord SET state = 'intended' WHERE key = ANY(%s)", [lost])
    catch_up(tenant)
    with within(work.customer.path):
        plan = queries.with_declined(work.registration_row().plan, {"self-rotation"})
    work.resume(tenant.token(), plan=plan)
    run_until_idle()
    assert work.run().state is RunState.PROVED
    with within(work.customer.path):
        ended = StepRecord.objects.filter(key__in=lost).order_by("key").values_list("state", "words")
        assert list(ended) == [(StepState.FAILED, GIVEN_UP), (StepState.DONE, THERE_ALREADY)]


def test_a_token_that_ended_meanwhile_is_as_good_as_none(work, lagging):
    catch_up(lagging)
    lagging.fault("401", {"method": "POST", "path": "/v1.0/$batch", "times": 1}, {"status": 401})
    look_again()
    assert work.run().state is RunState.PROVED
    assert work.registration().sign_in_application_removed == "no"


def test_without_the_token_and_with_steps_left_somebody_has_to_sign_in(work, lagging):
    Sealed.objects.filter(pk=work.token_id).update(ciphertext=None, destroyed_at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE provisioning_steprecord SET state = 'failed' WHERE kind = 'assign_role'")
    look_again()
    assert work.run().state is RunState.NEEDS_SIGN_IN


def test_microsoft_out_of_reach_is_no_verdict_either(work, settings, lagging):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_graph_url": "https://localhost:9"})
    look_again()
    assert work.run().state is RunState.COPYING
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_graph_url": lagging.emulator.url})
    catch_up(lagging)
    look_again()
    assert work.run().state is RunState.PROVED


NO_TOKENS = {"method": "POST", "path": "*/oauth2/v2.0/token"}


@pytest.mark.parametrize(
    ("deadline", "effect"),
    [(24, {"status": 503, "retry_after": 0}), (24, {"status": 429, "retry_after": 400}), (6, {"delay_ms": 7000})],
)
def test_microsoft_silent_or_busy_until_the_deadline_of_a_run_that_lacks_only_its_proof_is_no_failure(
    tenant, settings, deadline, effect
):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": deadline})
    work = make_work()
    token = tenant.token()
    tenant.fault("silent", NO_TOKENS, effect)
    run = work.done(token)
    assert (run.state, run.error, run.is_over) == (RunState.COPYING, None, False)
    assert "copying" not in run.headline
    if "retry_after" in effect:
        assert (work.row().look_at - clock.now()).total_seconds() > effect["retry_after"] - 5
    tenant.control("DELETE", "faults")
    look_again()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_run_that_still_has_something_to_make_does_not_rest_as_if_it_were_copied(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": 24})
    work = make_work()
    token = tenant.token()
    tenant.fault("busy", {"method": "POST", "path": "*/addPassword"}, {"status": 503, "retry_after": 0})
    assert work.done(token).state is RunState.RUNNING


def test_a_long_pause_that_microsoft_asks_for_is_kept_by_a_job_that_comes_back_later(tenant, monkeypatch):
    monkeypatch.setattr(session, "gates", Gates())
    work = make_work()
    token = tenant.token()
    tenant.fault("429", {"method": "POST", "path": "/v1.0/$batch", "times": 1}, {"status": 429, "retry_after": 900})
    tenant.control("DELETE", "log")
    assert work.done(token).state is RunState.RUNNING
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scheduled_at - clock_timestamp() FROM procrastinate_jobs WHERE task_name = %s", [tasks.TASK]
        )
        ((wait,),) = cursor.fetchall()
    assert timedelta(seconds=800) < wait <= timedelta(seconds=900)
    assert len(tenant.log()) == 1
    monkeypatch.setattr(session, "gates", Gates())
    run_until_idle(waits_over=True)
    assert work.run().state is RunState.PROVED


def test_cancelling_it_takes_back_what_it_made_and_destroys_the_token_however_long_ago_it_began(work, lagging):
    time_passes("started_at", hours=0.9)
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())
    run_until_idle()
    assert work.run().state is RunState.CANCELLED
    assert not sealed(work)
    assert [row for row in lagging.state()["objects"].values() if row["body"].get("uniqueName")] == []
    with within(work.customer.path), pytest.raises(RunOver):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def test_objects_that_cannot_be_read_for_long_are_waited_for_likewise(tenant):
    tenant.fault("lag", {"kind": "servicePrincipal"}, {"lag_seconds": A_WHILE})
    work = make_work()
    run = work.done(tenant.token())
    assert run.state is RunState.COPYING
    tenant.control("DELETE", "faults")
    reset_lag(tenant)
    work.resume(tenant.token())
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []
