"""Runs in the database, their engine against the emulator: made, resumed, waited for, refused, never orphaned."""

import contextvars
import gc
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.microsoft.wire import Answer, Asked
from gangway.organizations.scope import within
from gangway.provisioning import actions, clouds, conduct, credential_rows, journal_store, tasks
from gangway.provisioning.engine.apply import THERE_ALREADY
from gangway.provisioning.engine.sight import Standing, keys_of
from gangway.provisioning.errors import NoSuchRun, RegistrationNameTaken, RunOver, RunUnderWay
from gangway.provisioning.models import Credential, StepRecord, TenantLease
from gangway.provisioning.states import RunState, StepState
from gangway.provisioning.tenants import free_name
from gangway.services.errors import InvalidName
from gangway.vault.errors import SealingKeyMissing
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.emulator.conftest import avery, grace
from tests.rooms import factories_services
from tests.rooms.factories_organizations import make_customer
from tests.rooms.factories_provisioning import BY, CLIENT, Work, facts, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Killed(BaseException):
    """The worker died here: nothing of ours catches it."""


def run_until_killed() -> None:
    """Run until the worker dies. What a dead process leaves to the kernel is put away here, in a context of its own.

    Otherwise the open sockets and half-run generators of the dead would be collected within a later test, where they
    would warn, and set that test's scope back to theirs.
    """

    def until_dead() -> None:
        with pytest.raises(Killed):
            run_until_idle()

    contextvars.copy_context().run(until_dead)
    contextvars.copy_context().run(gc.collect)


def token(tenant: Tenant, who: tuple[str, str] = grace) -> SealedText:
    return tenant.token(who)


def test_a_run_makes_proves_and_says_goodbye(tenant):
    work = make_work()
    run = work.done(token(tenant))
    assert (run.state, run.error, run.progress) == (RunState.PROVED, None, 100)
    assert work.orphans(tenant) == []
    assert not tenant.has_sign_in_application()
    assert work.registration().sign_in_application_removed == "yes"


def test_a_run_asks_the_database_fifty_times(tenant):
    work = make_work()
    work.start(token(tenant))
    with CaptureQueriesContext(connection) as asked:
        run_until_idle()
    of_others = ("SAVEPOINT", "RELEASE", "procrastinate_")
    asked_by_us = [row["sql"] for row in asked if not any(word in row["sql"] for word in of_others)]
    assert work.run().state == RunState.PROVED
    assert len(asked_by_us) <= 50, asked_by_us


def test_every_step_is_shown_with_its_time_and_request_id(tenant):
    work = make_work()
    steps = work.done(token(tenant)).steps
    assert {step.state for step in steps} == {StepState.DONE}
    assert all(step.seconds is not None and step.label for step in steps)
    assert all(step.request_id for step in steps if step.kind != "teams_token")
    assert [step.kind for step in steps][:1] == ["create_application"]
    assert [step.kind for step in steps][-1] == "remove_sign_in_application"


def test_the_registration_says_what_it_holds_and_how_that_was_proved(tenant):
    work = make_work()
    work.done(token(tenant))
    about = work.registration()
    assert {right.proof for right in (*about.permissions, *about.roles)} == {"read_back"}
    assert all("Role in token, not called yet" in role.proof_words for role in about.roles)
    (credential,) = about.credentials
    assert credential.state == "proved"
    assert credential.days_left in {364, 365}
    assert credential.display_name.startswith(f"{service_name(work)}-")


def service_name(work: Work) -> str:
    return work.row().credential_name


def test_the_delegated_token_is_destroyed_at_the_end(tenant):
    work = make_work()
    work.start(token(tenant))
    sealed_id = work.row().token_sealed_id
    run_until_idle()
    assert work.row().token_sealed_id is None
    assert Sealed.objects.get(pk=sealed_id).ciphertext is None


def test_secret_and_token_are_in_no_column_job_or_log(tenant, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    work, delegated = make_work(), token(tenant)
    work.done(delegated)
    hidden = [delegated.reveal(), *work.secrets().values()]
    told = caplog.text + "".join(capfd.readouterr())
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names come from the database itself
            told += repr(cursor.fetchall())
    assert [text for text in hidden if text in told] == []


def test_the_activity_tells_of_the_run(tenant):
    work = make_work()
    work.done(token(tenant))
    with within(work.customer.path):
        events = [row.event for row in audit.activity(organization_path=work.customer.path, limit=50)]
    assert {"provisioning:run:queued", "provisioning:run:proved", "provisioning:credential:made"} <= set(events)


class Mortal:
    """The product's own wire, which dies before or after its n-th request."""

    def __init__(self, inner: Any, *, before: int = -1, after: int = -1) -> None:
        self.inner, self.before, self.after, self.sent = inner, before, after, 0

    async def send(self, asked: Asked) -> Answer:
        number, self.sent = self.sent, self.sent + 1
        if number == self.before:
            raise Killed
        answer = await self.inner.send(asked)
        if number == self.after:
            raise Killed
        return answer


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(9))
def test_a_worker_killed_at_any_request_is_followed_by_one_that_leaves_no_orphan(tenant, monkeypatch, moment, number):
    work = make_work()
    work.start(token(tenant))
    mortal: list[Mortal] = []

    async def shared(ca_file: Any) -> Mortal:
        if not mortal:
            mortal.append(Mortal(await real(ca_file), **{moment: number}))
        return mortal[0]

    real = clouds.shared
    monkeypatch.setattr(clouds, "shared", shared)
    run_until_killed()
    monkeypatch.undo()
    assert work.row().state == RunState.RUNNING
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


WRITES = ["intend", "note", "note_last", "looked", "proved", "end"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("write", WRITES)
def test_a_worker_killed_at_any_journal_write_is_followed_by_one_that_leaves_no_orphan(
    tenant, monkeypatch, moment, write
):
    work = make_work()
    work.start(token(tenant))
    original = getattr(journal_store.RunJournal, write)

    async def dying(self: Any, *args: Any, **more: Any) -> Any:
        if moment == "before":
            raise Killed
        await original(self, *args, **more)
        raise Killed

    monkeypatch.setattr(journal_store.RunJournal, write, dying)
    run_until_killed()
    monkeypatch.setattr(journal_store.RunJournal, write, original)
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def let_the_lease_end() -> None:
    """Time passes: the dead worker's lease ends, and its run has been silent for long."""
    past = clock.now() - timedelta(hours=1)
    TenantLease.objects.update(expires_at=past)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE provisioning_run SET queued_at = %s", [past])


def test_a_secret_that_cannot_be_sealed_is_taken_away_and_the_run_says_so(tenant, monkeypatch):
    work = make_work()
    work.start(token(tenant))

    def refuse(**_anything: Any) -> None:
        raise SealingKeyMissing

    monkeypatch.setattr(credential_rows, "seal", refuse)
    run_until_idle()
    monkeypatch.undo()
    assert work.run().state is RunState.FAILED
    (application,) = [row for row in tenant.state()["objects"].values() if row["body"].get("uniqueName")]
    assert application["body"]["passwordCredentials"] == []


def test_a_mistake_of_ours_fails_the_run_in_words_and_rises(tenant, monkeypatch):
    work = make_work()
    work.start(token(tenant))
    monkeypatch.setattr(conduct, "blueprint_of", lambda *_a, **_k: 1 / 0)
    with pytest.raises(AssertionError, match="provisioning:run failed"):
        run_until_idle()
    error = work.run().error
    assert error
    assert error.code == "provisioning:run:broke"


def test_an_application_administrator_ends_in_waiting_and_somebody_else_finishes(tenant):
    token(tenant)
    work = make_work()
    run = work.done(token(tenant, avery), on_end="onboarding:run_ended")
    assert run.state is RunState.WAITING
    assert "consent to the permissions and its directory roles" in run.waiting_for
    assert {"Permission Organization.Read.All granted", "Role Teams Telephony Administrator given"} <= set(
        run.remaining
    )
    assert work.registration().app_id
    assert tenant.has_sign_in_application()
    work.resume(token(tenant))
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_name_that_microsoft_refuses_comes_back_at_its_field_and_another_one_works(tenant):
    refused = {
        "status": 400,
        "code": "Request_BadRequest",
        "message": "Invalid value specified for property 'displayName'.",
    }
    tenant.fault("name", {"method": "PATCH", "path": "/v1.0/applications(*", "times": 1}, refused)
    work = make_work()
    run = work.done(token(tenant), name="odd-name")
    assert run.state is RunState.FAILED
    assert run.error
    assert (run.error.field, run.error.code) == ("name", "microsoft:name:refused")
    work.resume(token(tenant), name="good-name")
    run_until_idle()
    assert (work.run().state, work.registration().display_name) == (RunState.PROVED, "good-name")
    assert work.orphans(tenant) == []


def test_authority_that_ends_midway_asks_for_a_new_sign_in_and_keeps_progress(tenant):
    tenant.fault("401", {"method": "POST", "path": "*/appRoleAssignments", "times": 1}, {"status": 401})
    work = make_work()
    run = work.done(token(tenant))
    assert run.state is RunState.NEEDS_SIGN_IN
    assert run.progress > 0
    assert StepState.INTENDED not in {step.state for step in run.steps}
    tenant.control("DELETE", "faults")
    work.resume(token(tenant))
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_run_whose_token_is_gone_asks_for_a_new_sign_in(tenant):
    work = make_work()
    work.start("any")
    Sealed.objects.filter(pk=work.row().token_sealed_id).update(ciphertext=None, destroyed_at=clock.now())
    run_until_idle()
    assert work.run().state is RunState.NEEDS_SIGN_IN


def test_microsoft_out_of_reach_is_visible_and_the_run_comes_back(tenant, settings):
    work = make_work()
    settings.GANGWAY = settings.GANGWAY.model_copy(
        update={"cloud_graph_url": "https://localhost:9", "propagation_deadline_seconds": 1}
    )
    work.start(token(tenant))
    run_until_idle()
    run = work.run()
    assert run.state is RunState.RUNNING
    assert run.error
    assert run.headline.startswith("Microsoft does not answer at the moment.")
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_graph_url": tenant.emulator.url})
    run_until_idle(waits_over=True)
    assert work.run().state is RunState.PROVED
    assert work.run().error is None


def test_a_run_past_its_deadline_fails_in_words(tenant, settings):
    work = make_work()
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": 0})
    run = work.done(token(tenant))
    assert run.error
    assert (run.state, run.error.code) == (RunState.FAILED, "provisioning:run:too_long")


def test_version_1_is_upgraded_to_version_2_on_the_same_registration(tenant):
    work = make_work(version=1)
    assert work.done(token(tenant)).state is RunState.PROVED
    work.version = 2
    assert work.done(token(tenant)).state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_second_run_of_a_finished_registration_writes_nothing_but_the_goodbye(tenant):
    work = make_work()
    work.done(token(tenant))
    again = token(tenant)
    tenant.control("DELETE", "log")
    assert work.done(again).state is RunState.PROVED
    writes = [
        part for row in tenant.log() for part in [row, *row["subrequests"]] if part["method"] in {"PATCH", "DELETE"}
    ]
    assert [part["method"] for part in writes] == ["DELETE"]


def test_the_check_finds_everything_in_order(tenant, monkeypatch):
    work = make_work()
    work.done(token(tenant))
    result = check(work)
    assert {item.key: item.state for item in result.items} == dict.fromkeys(
        ["sign_in", "secret", "teams", "permissions", "roles", "tenant", "domains", "licences"], "ok"
    )
    assert result.state == "ok"
    assert (result.phone_licences_left, "contoso.com" in result.domains) == (21, True)
    assert result.around
    assert (result.around.applications, result.around.signs_in) == (None, {work.registration().app_id})


def test_the_check_sees_what_of_ours_is_in_the_tenant_where_the_registration_may_look(tenant):
    work = make_work(choices={"features": {"voice", "self-rotation"}})
    work.done(token(tenant))
    around, about = check(work).around, work.registration()
    assert around
    names = {"unique_name": f"gangway-{work.registration_id}", "app_id": ""}
    assert [key.key_id for key in keys_of(around.application(**names))] == [about.credentials[0].key_id]
    assert around.principal(about.app_id).object_id == about.service_principal_id
    delete(tenant, f"/applications/{about.object_id}")
    gone = check(work).around
    assert gone
    assert (gone.unknown, gone.standing(**{**names, "app_id": about.app_id})) == ({about.app_id}, Standing.GONE)


def test_the_check_names_what_is_missing_and_who_helps(tenant):
    work = make_work(version=1)
    work.done(token(tenant))
    principal = work.registration().service_principal_id
    for row in tenant.state()["role_assignments"].values():
        if row["principalId"] == principal:
            delete(tenant, f"/roleManagement/directory/roleAssignments/{row['id']}")
    items = {item.key: item for item in check(work, users=500).items}
    assert items["roles"].state == "error"
    assert "Teams Telephony Administrator" in items["roles"].words
    assert items["licences"].state == "warning"
    assert items["roles"].cure


def test_the_check_of_a_removed_registration_is_an_error_in_words(tenant):
    work = make_work()
    work.done(token(tenant))
    delete(tenant, f"/applications/{work.registration().object_id}")
    result = check(work)
    assert result.state == "error"
    assert result.items[0].cure


def test_the_check_without_an_answer_is_unknown_and_no_verdict(tenant, settings):
    work = make_work()
    work.done(token(tenant))
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_login_url": "https://localhost:9"})
    assert check(work).items[0].state == "unknown"


def check(work: Work, users: int = 10) -> actions.CheckResult:
    from asgiref.sync import async_to_sync  # noqa: PLC0415

    from gangway.jobs.threads import callers_thread  # noqa: PLC0415

    (credential,) = work.registration().credentials
    with callers_thread():
        return async_to_sync(actions.check_registration)(
            registration_id=work.registration_id, credential_id=credential.id, users_wanted=users, by=BY
        )


def delete(tenant: Tenant, path: str) -> None:
    """Somebody removes something in the tenant's portal."""
    headers = {"Authorization": f"Bearer {token(tenant).reveal()}"}
    tenant.emulator.session.delete(f"{tenant.emulator.url}/v1.0{path}", headers=headers).raise_for_status()


def cancel(work: Work) -> None:
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def test_a_run_that_is_cancelled_at_work_takes_back_what_it_made(tenant, monkeypatch):
    work = make_work()
    work.start(token(tenant))
    original = journal_store.RunJournal.proved

    async def cancelled_meanwhile(self: Any, *args: Any, **following: Any) -> None:
        await in_database(cancel, work)
        await original(self, *args, **following)

    monkeypatch.setattr(journal_store.RunJournal, "proved", cancelled_meanwhile)
    run_until_idle()
    run = work.run()
    assert (run.state, run.error) == (RunState.CANCELLED, None)
    assert [row for row in tenant.state()["objects"].values() if row["body"].get("uniqueName")] == []
    assert work.secrets() == {}
    assert work.registration().state == "removed"
    assert not tenant.has_sign_in_application()


def test_what_cannot_be_taken_back_is_told(tenant, monkeypatch):
    work = make_work()
    work.start(token(tenant))
    original = journal_store.RunJournal.proved

    async def cancelled_meanwhile(self: Any, *args: Any, **following: Any) -> None:
        await in_database(cancel, work)
        tenant.fault("never", {"method": "DELETE", "path": "/v1.0/applications/*"}, {"status": 403})
        await original(self, *args, **following)

    monkeypatch.setattr(journal_store.RunJournal, "proved", cancelled_meanwhile)
    run_until_idle()
    run = work.run()
    assert run.error
    assert (run.state, run.error.code) == (RunState.CANCELLED, "provisioning:run:not_taken_back")
    assert work.registration().app_id


# Below: without Microsoft.


def test_a_name_is_taken_by_another_registration_of_the_customer_in_the_same_tenant_only():
    first = make_work()
    second = Work(first.customer, factories_services.plan(first.customer, short_name="second"))
    first.start("t", name="Voice1")
    with pytest.raises(RegistrationNameTaken) as caught:
        second.start("t", name="vOICE1")
    assert caught.value.field == "name"
    second.start("t", name="voice1", signer=facts(tenant_id="fab41ca0-0000-4000-8000-000000000001"))


def test_another_providers_registration_in_the_tenant_takes_no_name_and_so_stays_hidden():
    theirs, ours = make_work(), make_work()
    theirs.start("t", name="voice1")
    ours.start("t", name="voice1")
    with within(ours.customer.path):
        assert free_name("voice1", tenant_id=facts().tenant_id) == "voice1-2"


@pytest.mark.parametrize("name", ["ab", "a.b.c", "has blank", "my-audit-app", "a" * 16])
def test_a_name_that_breaks_the_rules_comes_back_at_its_field(name):
    with pytest.raises(InvalidName) as caught:
        make_work().start("t", name=name)
    assert caught.value.field == "name"


def test_a_registration_has_one_living_run():
    work = make_work()
    work.start("t")
    with pytest.raises(RunUnderWay):
        work.start("t")
    with pytest.raises(RunUnderWay):
        work.resume("t")


def test_a_run_that_no_worker_has_begun_can_be_cancelled_and_frees_its_name():
    work, other = make_work(), make_work()
    work.start("t")
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())
        with pytest.raises(RunOver):
            actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())
    assert work.row().token_sealed_id is None
    run_until_idle()
    other.start("t")


def test_a_strangers_run_is_not_there():
    work, stranger = make_work(), make_customer()
    work.start("t")
    with within(stranger.path), pytest.raises(NoSuchRun):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def test_the_reaper_gives_a_silent_run_its_job_again_and_leaves_a_busy_tenant_alone():
    work = make_work()
    work.start("t")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    tasks.reap()
    assert jobs() == 0
    let_the_lease_end()
    TenantLease.objects.create(
        tenant_id=facts().tenant_id, owner="somebody", expires_at=clock.now() + timedelta(seconds=60)
    )
    tasks.reap()
    assert jobs() == 0
    TenantLease.objects.update(expires_at=clock.now())
    tasks.reap()
    tasks.reap()
    assert jobs() == 1


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'provisioning:run'")
        return int(cursor.fetchone()[0])


def test_a_run_waits_for_the_tenants_lease_and_comes_back(tenant):
    work = make_work()
    TenantLease.objects.create(
        tenant_id=facts().tenant_id, owner="another run", expires_at=clock.now() + timedelta(seconds=60)
    )
    work.start(token(tenant))
    run_until_idle()
    assert work.run().state is RunState.QUEUED
    TenantLease.objects.update(expires_at=clock.now())
    run_until_idle(waits_over=True)
    assert work.run().state is RunState.PROVED


def test_planned_rows_and_credentials_belong_to_the_customer(tenant):
    work = make_work()
    work.done(token(tenant))
    with within(make_customer().path):
        assert (StepRecord.objects.count(), Credential.objects.count()) == (0, 0)
    assert work.row().sign_in_client_id == CLIENT


# what is cut off is the answer to all that travels together
LOST = {"create_application": ("PATCH", "*applications*"), "create_principal": ("POST", "*/addPassword")}


@pytest.mark.parametrize("kind", LOST)
def test_a_step_whose_answer_was_lost_is_done_once_a_look_shows_it(tenant, kind):
    work, (method, path) = make_work(), LOST[kind]
    tenant.fault("cut", {"method": method, "path": path, "times": 1}, {"cut": "after"})
    run = work.done(token(tenant))
    (step,) = [step for step in run.steps if step.kind == kind]
    assert (run.state, step.state, step.words) == (RunState.PROVED, StepState.DONE, THERE_ALREADY)
    assert {step.state for step in run.steps} == {StepState.DONE}


# what Microsoft does, and says that it did not find it
DENIED = {
    "create_application": ("PATCH", "*applications*"),
    "create_principal": ("PATCH", "*servicePrincipals*"),
    "grant_permission": ("POST", "*appRoleAssign*"),
    "assign_role": ("POST", "*roleAssignments*"),
}


@pytest.mark.parametrize("kind", DENIED)
def test_a_step_that_was_denied_although_it_was_done_does_not_stand_as_failed_in_a_proved_run(tenant, kind):
    work, (method, path) = make_work(), DENIED[kind]
    tenant.fault(
        "late",
        {"method": method, "path": path, "times": 1},
        {"status": 404, "code": "Request_ResourceNotFound", "late": True},
    )
    run = work.done(token(tenant))
    assert THERE_ALREADY in {step.words for step in run.steps if step.kind == kind}
    assert (run.state, {step.state for step in run.steps}) == (RunState.PROVED, {StepState.DONE})
