"""Cancelling, tearing down and what is left, in the database and against the emulator."""

from datetime import timedelta
from typing import Any

import pytest

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.microsoft.patience import Patience
from gangway.organizations.scope import within
from gangway.provisioning import actions, clouds, journal_store
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import GIVEN, Credential, Leftover, Registration, Run, StepRecord
from gangway.provisioning.states import RunKind, RunState
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.emulator.conftest import avery, grace
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def teardown(work: Work, *, signed_in: Any = None, **wanted: Any) -> Run:
    with within(work.customer.path):
        asked = {"whole": True, **wanted}
        run_id = actions.start_teardown(
            registration_id=work.registration_id,
            service_id=work.service_id,
            signed_in=signed_in,
            by=BY,
            now=clock.now(),
            **asked,
        )
    run_until_idle()
    with within(work.customer.path):
        return Run.objects.get(pk=run_id)


def signed_in(work: Work, tenant: Tenant, who: tuple[str, str] = grace) -> actions.SignedIn:
    from tests.rooms.factories_provisioning import facts  # noqa: PLC0415

    sealed = work.token(tenant.token(who))
    return actions.SignedIn(
        sealed["delegated_token_sealed_id"], sealed["delegated_token_place"], sealed["sign_in_client_id"], facts()
    )


def left(work: Work) -> list[Leftover]:
    with within(work.customer.path):
        return list(Leftover.objects.filter(cleared_at=None).order_by("kind"))


def ours(tenant: Tenant) -> list[str]:
    """Everything in the tenant under a unique name of ours, living and deleted."""
    state = tenant.state()
    rows = [*state["objects"].values(), *state["deleted"].values()]
    return [row["kind"] for row in rows if str(row["body"].get("uniqueName") or "").startswith("gangway-")]


def granted(work: Work, tenant: Tenant) -> set[str]:
    principal, rows = work.registration().service_principal_id, tenant.state()["app_role_assignments"].values()
    return {str(row["appRoleId"]) for row in rows if row["principalId"] == principal}


def cancel(work: Work) -> None:
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def test_a_tear_down_removes_all_that_is_ours_and_no_secret_is_kept(tenant):
    work = make_work()
    work.done(tenant.token())
    sealed = [row.sealed_id for row in _credentials(work)]
    run = teardown(work, for_good=True, signed_in=signed_in(work, tenant))
    assert (run.state, run.error, left(work), ours(tenant)) == (RunState.PROVED, None, [], [])
    assert work.registration().state == "removed"
    assert [row.ciphertext for row in Sealed.objects.filter(pk__in=sealed)] == [None] * len(sealed)
    assert not tenant.has_sign_in_application()


def _credentials(work: Work) -> list[Credential]:
    with within(work.customer.path):
        return list(Credential.objects.filter(registration_id=work.registration_id))


def test_what_microsoft_keeps_for_thirty_days_is_said_and_forgotten_after_them(tenant):
    work = make_work()
    work.done(tenant.token())
    run = teardown(work, signed_in=signed_in(work, tenant))
    assert run.state == RunState.PROVED
    assert [row.kind for row in left(work)] == ["deleted_application"]
    assert "30 days" in left(work)[0].why


def test_without_anybody_signed_in_the_exact_list_is_given_and_a_sign_in_goes_on(tenant):
    work = make_work()
    work.done(tenant.token())
    run = teardown(work, for_good=True)
    assert run.state == RunState.NEEDS_SIGN_IN
    assert [row.kind for row in left(work)] == ["application", "credential", "principal"]
    again = teardown(work, for_good=True, signed_in=signed_in(work, tenant))
    assert (again.pk, again.state, left(work), ours(tenant)) == (run.pk, RunState.PROVED, [], [])


def deleted(work: Work, tenant: Tenant, what: str) -> None:
    """An administrator of the customer's deletes it in the portal."""
    headers = {"Authorization": f"Bearer {tenant.token().reveal()}"}
    tenant.emulator.session.delete(f"{tenant.emulator.url}/v1.0/{what}", headers=headers).raise_for_status()


@pytest.fixture
def alone(tenant, monkeypatch) -> Work:
    """A proved registration that may delete itself."""
    monkeypatch.setattr(clouds, "patience", lambda: Patience(4, first_wait=0.01))
    work = make_work(choices={"features": {"voice", "self-rotation"}})
    assert work.done(tenant.token()).state is RunState.PROVED
    return work


@pytest.mark.parametrize("how", ["the answer to its own deletion was lost", "the customer deleted it"])
def test_a_registration_that_its_tenant_does_not_have_is_gone_and_stays_gone(tenant, alone, how):
    if "lost" in how:
        tenant.fault("lost", {"method": "DELETE", "path": "/v1.0/applications/*"}, {"cut": "after"})
    else:
        deleted(alone, tenant, f"applications/{alone.registration().object_id}")
    run = teardown(alone)
    assert (run.state, run.error, [row.kind for row in left(alone)]) == (RunState.PROVED, None, ["deleted_application"])
    assert {row.state for row in _credentials(alone)} == {alone.registration().state} == {"removed"}
    tenant.control("DELETE", "log")
    assert teardown(alone).state == RunState.PROVED
    assert (tenant.log(), [row.kind for row in left(alone)]) == ([], ["deleted_application"])
    assert teardown(alone, for_good=True).state == RunState.NEEDS_SIGN_IN
    assert [row.kind for row in left(alone)] == ["deleted_application"], "what is gone isn't listed once more"


def test_a_registration_without_its_enterprise_application_is_still_there(tenant, alone):
    deleted(alone, tenant, f"servicePrincipals/{alone.registration().service_principal_id}")
    assert teardown(alone).state == RunState.NEEDS_SIGN_IN
    assert "application" in [row.kind for row in left(alone)]


def test_a_registration_that_never_signed_in_may_only_be_new(tenant, alone):
    with within(alone.customer.path):
        Registration.objects.update(state="making", proved_at=None)
    deleted(alone, tenant, f"applications/{alone.registration().object_id}")
    assert teardown(alone).state == RunState.NEEDS_SIGN_IN


def test_rights_are_gone_only_when_somebody_who_can_read_them_took_them_away(tenant):
    work = make_work()
    work.done(tenant.token())
    entry = pinning.read(work.registration_row().plan).permissions[0]
    asked = {"whole": False, "permissions": [entry.id]}
    run = teardown(work, **asked)
    assert run.state == RunState.NEEDS_SIGN_IN
    assert [(row.kind, row.name) for row in left(work)] == [("permission", entry.value)]
    assert entry.id in granted(work, tenant)
    again = teardown(work, **asked, signed_in=signed_in(work, tenant))
    assert (again.pk, again.state, left(work)) == (run.pk, RunState.PROVED, [])
    assert entry.id not in granted(work, tenant)


@pytest.mark.parametrize(
    "ended",
    [{}, {"state": "failed", "words": "Not found.", "result": {"error": "microsoft:object:missing"}}],
    ids=["done", "denied"],
)
def test_a_resting_run_that_is_cancelled_takes_back_the_rights_that_it_gave(tenant, ended):
    work = make_work()
    work.done(tenant.token())
    entry = pinning.read(work.registration_row().plan).permissions[0]
    with within(work.customer.path):
        resting = Run.objects.get(pk=work.run_id)
        if ended:
            StepRecord.objects.filter(key=f"grant:{entry.value}").update(**ended)
        StepRecord.objects.exclude(key=f"grant:{entry.value}").update(words="It was there already.")
        Credential.objects.update(announced_at=resting.created_at - timedelta(days=1))
        Run.objects.update(state=RunState.FAILED.value, kind=RunKind.UPGRADE.value)
    cancel(work)
    with within(work.customer.path):
        taken = Run.objects.get(kind=RunKind.TEARDOWN.value)
    assert (taken.wanted["credentials"], taken.wanted.get("permissions")) == ([], [entry.id])
    assert "roles" not in taken.wanted
    run_until_idle()
    assert ("permission", entry.value) in {(row.kind, row.name) for row in left(work)}
    assert work.done(tenant.token()).state is RunState.PROVED
    assert left(work) == [], "the plan has use for it again, and the sign-in application went"


def test_a_registration_of_the_customers_stays_and_what_was_typed_stays(tenant):
    work = make_work()
    work.done(tenant.token())
    with within(work.customer.path):
        Registration.objects.update(origin=GIVEN)
        Credential.objects.update(origin=GIVEN)
    before = tenant.state()["objects"]
    tenant.control("DELETE", "log")
    run = teardown(work, for_good=True)
    assert run.state == RunState.PROVED
    assert [row["kind"] for row in run.result["stays"]][:3] == ["application", "principal", "credential"]
    assert (tenant.state()["objects"], tenant.log()) == (before, [])


def test_a_resting_run_that_is_cancelled_lists_what_it_made_and_can_be_started_again(tenant):
    tenant.token()
    work = make_work()
    assert work.done(tenant.token(avery)).state is RunState.WAITING
    cancel(work)
    run_until_idle()
    assert {row.kind for row in left(work)} == {"application", "principal", "credential", "sign_in_application"}
    assert work.done(tenant.token()).state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert [row.kind for row in left(work)] == []


def test_cancelling_at_work_leaves_nothing_and_starting_again_makes_a_new_one(tenant, monkeypatch):
    work = make_work()
    work.start(tenant.token())
    original = journal_store.RunJournal.proved

    async def cancelled_meanwhile(self: Any, *args: Any, **following: Any) -> None:
        await in_database(cancel, work)
        await original(self, *args, **following)

    monkeypatch.setattr(journal_store.RunJournal, "proved", cancelled_meanwhile)
    run_until_idle()
    monkeypatch.undo()
    assert (work.run().state, ours(tenant), left(work)) == (RunState.CANCELLED, [], [])
    assert work.done(tenant.token()).state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_deleted_namesake_of_ours_makes_room_for_a_new_registration(tenant):
    work = make_work()
    work.done(tenant.token())
    teardown(work, signed_in=signed_in(work, tenant))
    assert ours(tenant) == ["application"]
    assert work.done(tenant.token()).state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert ours(tenant) == ["application"]


def test_a_token_that_expires_before_its_run_asks_for_a_new_sign_in_and_goes_on(tenant):
    work = make_work()
    work.start(tenant.token())
    tenant.control("POST", "clock", json={"advance": 3 * 3600})
    run_until_idle()
    assert work.run().state is RunState.NEEDS_SIGN_IN
    work.resume(tenant.token())
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_a_role_that_lapses_midway_leaves_the_rest_to_somebody_else_with_progress_kept(tenant):
    """The roles read before stand in the token; Microsoft refuses all the same once the role has ended."""
    tenant.token()
    refused = {"status": 403, "code": "Authorization_RequestDenied"}
    tenant.fault("lapsed", {"method": "POST", "path": "*/roleAssignments"}, refused)
    work = make_work()
    run = work.done(tenant.token())
    assert run.state is RunState.WAITING
    assert run.progress > 0
    tenant.control("DELETE", "faults")
    work.resume(tenant.token())
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []


def test_authority_that_ends_in_a_tear_down_is_asked_for_again_and_what_stays_is_listed_meanwhile(tenant):
    work = make_work()
    work.done(tenant.token())
    tenant.fault("401", {"method": "DELETE", "path": "/v1.0/applications/*", "times": 1}, {"status": 401})
    run = teardown(work, for_good=True, signed_in=signed_in(work, tenant))
    assert run.state == RunState.NEEDS_SIGN_IN
    assert "application" in {row.kind for row in left(work)}
    tenant.control("DELETE", "faults")
    again = teardown(work, for_good=True, signed_in=signed_in(work, tenant))
    assert (again.pk, again.state, left(work), ours(tenant)) == (run.pk, RunState.PROVED, [], [])
