"""Rotation, audit and repair as runs in the database, against the emulator."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gangway.connections import actions as connections
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.jobs.actions import defer
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.organizations.scope import within
from gangway.provisioning import actions, tasks
from gangway.provisioning.engine.pinning import pin
from gangway.provisioning.engine.rotation import Rotation
from gangway.provisioning.engine.steps import keys
from gangway.provisioning.errors import NoSuchCredential, RunUnderWay
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.models import GIVEN, Credential, Leftover, Registration, Run
from gangway.provisioning.moves import TASK
from gangway.provisioning.rotating import RotationJournal
from gangway.provisioning.states import RunKind, RunState
from gangway.services import actions as services
from tests.contract.tenant import MAKES_UNITS, Tenant
from tests.contract.test_credential_kinds import forbid
from tests.emulator.conftest import grace
from tests.rooms.factories_provisioning import BY, Work, facts, make_work
from tests.rooms.test_provisioning_copying import look_again, move_to_rome, time_passes
from tests.rooms.test_provisioning_runs import Killed, let_the_lease_end, run_until_killed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WIDER = "5b567255-7703-4780-807c-7be8301ae99b"
"""Group.Read.All, which stands in for GroupMember.Read.All."""


def connected(tenant: Tenant, *, rotates: bool = True, kind: str = "secret", **choices: Any) -> Work:
    """A created service whose connection uses a proved credential; its registration may rotate itself, if granted."""
    features = {"voice", "self-rotation"} if rotates else {"voice"}
    work = make_work(choices={"features": features, "credential_kind": kind, **choices})
    assert work.done(tenant.token()).state is RunState.PROVED
    (secret,) = secrets(work)
    with within(work.customer.path):
        services.create_service(service_id=work.service_id, by=BY)
        connections.connect_service(
            service_id=work.service_id,
            organization_id=work.customer.id,
            registration_id=work.registration_id,
            credential_id=secret.pk,
            user_name="grace.global@contoso.com",
            m365_domain="contoso.com",
            items=[],
            granted=None,
            seen_at=clock.now(),
            by=BY,
            now=clock.now(),
        )
    return work


def secrets(work: Work) -> list[Credential]:
    with within(work.customer.path):
        return list(Credential.objects.filter(registration_id=work.registration_id).order_by("announced_at"))


def start(work: Work, what: str, **options: Any) -> Run:
    with within(work.customer.path):
        run_id = getattr(actions, what)(
            registration_id=work.registration_id, service_id=work.service_id, by=BY, now=clock.now(), **options
        )
    run_until_idle()
    with within(work.customer.path):
        return Run.objects.get(pk=run_id)


def rotate(work: Work) -> Run:
    return start(work, "start_rotation", credential_id=in_use(work))


def asked(work: Work) -> dict[str, Any]:
    about = {"registration_id": work.registration_id, "service_id": work.service_id, "by": BY, "now": clock.now()}
    return about | {"credential_id": in_use(work)}


def in_use(work: Work) -> Any:
    with within(work.customer.path):
        return Connection.objects.get(service_id=work.service_id).credential_id


def keys_there(tenant: Tenant) -> set[str]:
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    found = [row for row in rows if str(row.get("uniqueName") or "").startswith("gangway-")]
    return {key["keyId"] for row in found for key in (*row["passwordCredentials"], *row.get("keyCredentials", []))}


def test_a_rotation_switches_the_connection_and_the_old_secret_rests_until_it_is_removed(tenant):
    work = connected(tenant)
    run = rotate(work)
    old, new = secrets(work)
    assert (run.kind, run.state, run.error) == (RunKind.ROTATION, RunState.PROVED, None)
    assert (old.state, new.state, in_use(work)) == ("resting", "proved", new.pk)
    assert keys_there(tenant) == {old.key_id, new.key_id}
    tasks.remove_rested()
    run_until_idle()
    assert keys_there(tenant) == {old.key_id, new.key_id}
    with within(work.customer.path):
        Credential.objects.filter(pk=old.pk).update(rest_until=clock.now() - timedelta(seconds=1))
        Connection.objects.update(credential_id=old.pk)
    tasks.remove_rested()
    with within(work.customer.path):
        assert not Run.objects.filter(kind=RunKind.TEARDOWN.value), "a service took it into use again"
        Connection.objects.update(credential_id=new.pk)
    tasks.remove_rested()
    run_until_idle()
    assert keys_there(tenant) == {new.key_id}
    assert [row.state for row in secrets(work)] == ["removed", "proved"]


def test_a_rotation_whose_time_has_passed_takes_back_what_it_made(tenant, monkeypatch):
    work = connected(tenant)

    async def for_ever(*_about: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(Rotation, "_prove", for_ever)
    run = rotate(work)
    old, new = secrets(work)
    assert (run.state, run.error and run.error["code"]) == (RunState.FAILED, "provisioning:run:too_long")
    assert (old.state, new.state, keys_there(tenant)) == ("proved", "removed", {old.key_id})
    with within(work.customer.path):
        assert not Leftover.objects.filter(cleared_at=None)


def test_a_rotation_can_be_repeated_at_once(tenant):
    work = connected(tenant)
    for _ in range(2):
        assert rotate(work).state == RunState.PROVED
    assert [row.state for row in secrets(work)] == ["resting", "resting", "proved"]
    assert in_use(work) == secrets(work)[-1].pk


def test_a_rotation_keeps_the_shorter_life_that_the_administrator_chose(tenant):
    work = connected(tenant)
    with within(work.customer.path):
        Run.objects.update(wanted={"credential_days": 90})
    for _ in range(2):
        assert rotate(work).state == RunState.PROVED
    lives = [(row.expires_at - row.made_at).days for row in secrets(work)]
    assert [abs(life - 90) <= 1 for life in lives] == [False, True, True]


def typed(work: Work) -> Credential:
    """Another credential of the same registration, proved and used by nobody yet."""
    with within(work.customer.path):
        (old,) = Credential.objects.filter(registration_id=work.registration_id)
        old.pk, old.key_id, old.sealed_id, old.display_name = uuid4(), str(uuid4()), uuid4(), "typed"
        old.origin, old.announced_at = GIVEN, clock.now()
        old.save(force_insert=True)
        return old


def test_what_waits_for_its_operator_is_left_and_the_one_in_use_is_rotated(tenant):
    work = connected(tenant)
    newer = typed(work)
    assert rotate(work).state == RunState.PROVED
    assert [row.state for row in secrets(work)] == ["resting", "proved", "proved"]
    assert in_use(work) not in {newer.pk, secrets(work)[0].pk}


@pytest.mark.parametrize("dies", [False, True])
def test_one_that_is_replaced_while_it_is_rotated_leaves_nothing_of_the_rotation(tenant, monkeypatch, dies):
    work = connected(tenant)
    (old,), other, before = secrets(work), typed(work), keys_there(tenant)
    real = RotationJournal.switched

    def replace() -> None:
        with within(work.customer.path):
            actions.switch(old.pk, other.pk, by=BY, now=clock.now())

    async def meanwhile(journal: RotationJournal, new: Any) -> None:
        await in_database(replace)
        if dies:
            raise Killed
        await real(journal, new)

    with monkeypatch.context() as patched, within(work.customer.path):
        patched.setattr(RotationJournal, "switched", meanwhile)
        run_id = actions.start_rotation(**asked(work))
        if dies:
            run_until_killed()
        else:
            run_until_idle()
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    with within(work.customer.path):
        run = Run.objects.get(pk=run_id)
    assert run.error
    assert (run.state, run.error["code"]) == (RunState.FAILED, "provisioning:rotation:replaced")
    assert (keys_there(tenant), in_use(work)) == (before, other.pk)
    assert [row.state for row in secrets(work)] == ["resting", "proved", "removed"]


def test_a_registration_without_the_right_needs_the_customer_and_nothing_changes(tenant):
    work = connected(tenant, rotates=False)
    before = keys_there(tenant)
    run = rotate(work)
    assert run.error
    assert (run.state, run.error["code"]) == (RunState.FAILED, "provisioning:rotation:needs_customer")
    assert (keys_there(tenant), in_use(work)) == (before, secrets(work)[0].pk)
    assert work.registration().state == "proved"


@pytest.mark.parametrize("rotates", [True, False])
def test_a_certificate_makes_way_for_another_by_a_proof_with_and_without_the_right(tenant, rotates):
    work = connected(tenant, rotates=rotates, kind="certificate")
    before = len(tenant.log())
    run = rotate(work)
    old, new = secrets(work)
    assert (run.state, run.error) == (RunState.PROVED, None)
    assert (old.state, new.state, in_use(work), new.kind) == ("resting", "proved", new.pk, "certificate")
    assert keys_there(tenant) == {old.key_id, new.key_id}
    asked = [part for row in tenant.log()[before:] for part in [row, *row["subrequests"]]]
    assert [part["method"] for part in asked if part["path"].endswith("/addKey")] == ["POST"]
    assert not [part for part in asked if part["method"] == "PATCH"], "the list was never set as a whole"
    with within(work.customer.path):
        Credential.objects.filter(pk=old.pk).update(rest_until=clock.now() - timedelta(seconds=1))
    tasks.remove_rested()
    run_until_idle()
    assert keys_there(tenant) == {new.key_id}
    assert [row.state for row in secrets(work)] == ["removed", "proved"]


def test_a_certificate_goes_by_a_proof_although_a_right_beside_it_waits_for_a_sign_in(tenant):
    work = connected(tenant, rotates=False, kind="certificate")
    rotate(work)
    old, new = secrets(work)
    right = pin(profile="teams-voice", version=2)["permissions"]["User.Read.All"]
    run = start(work, "start_teardown", whole=False, credentials=[old.pk], permissions=[right])
    assert run.state == RunState.NEEDS_SIGN_IN
    assert keys_there(tenant) == {new.key_id}
    with within(work.customer.path):
        assert list(Leftover.objects.values_list("kind", flat=True)) == ["permission"]


def test_by_a_proof_a_certificate_that_is_never_accepted_is_taken_away(tenant):
    work = connected(tenant, rotates=False, kind="certificate")
    before = keys_there(tenant)
    tenant.fault("second", {"path": "*/oauth2/v2.0/token", "nth": 2, "times": 1}, {"aadsts": 53003})
    run = rotate(work)
    tenant.control("DELETE", "faults")
    assert (run.state, [row.state for row in secrets(work)]) == (RunState.FAILED, ["proved", "removed"])
    assert (keys_there(tenant), in_use(work)) == (before, secrets(work)[0].pk)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_while_a_certificate_is_added_by_proof_leaves_no_orphan(tenant, monkeypatch, moment):
    work = connected(tenant, rotates=False, kind="certificate")
    (old,) = secrets(work)
    where, what = (keys.AddKey, "call") if moment == "before" else (RunJournal, "note")

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, within(work.customer.path):
        actions.start_rotation(**asked(work))
        patched.setattr(where, what, die)
        run_until_killed()
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    *_, new = secrets(work)
    assert keys_there(tenant) == {old.key_id, new.key_id}
    assert in_use(work) == new.pk


def test_a_rotation_goes_round_a_policy_that_forbids_secrets(tenant):
    work = connected(tenant)
    asyncio.run(forbid(tenant, "passwordCredentials", {"restrictionType": "passwordAddition"}))
    run = rotate(work)
    *_, new = secrets(work)
    assert (run.state, new.kind, in_use(work)) == (RunState.PROVED, "certificate", new.pk)
    assert "forbids a secret" in new.why


def test_what_somebody_typed_in_is_not_rotated(tenant):
    work = connected(tenant)
    with within(work.customer.path):
        Credential.objects.update(origin=GIVEN)
    with pytest.raises(NoSuchCredential):
        rotate(work)


def test_a_new_secret_that_is_never_accepted_is_looked_at_for_a_while_and_then_taken_away(tenant):
    work = connected(tenant)
    before = keys_there(tenant)
    tenant.fault("lag", {"kind": "passwordCredential"}, {"usable_after_seconds": 9999})
    assert rotate(work).state == RunState.COPYING
    look_again()
    old, new = secrets(work)
    assert (keys_there(tenant), in_use(work)) == (before | {new.key_id}, old.pk)
    time_passes("copying_since", hours=2)
    look_again()
    with within(work.customer.path):
        run = Run.objects.latest("created_at")
        assert not Leftover.objects.filter(cleared_at=None).exists()
    assert (run.state, run.error and run.error["code"]) == (RunState.FAILED, "microsoft:copies:too_slow")
    assert (keys_there(tenant), in_use(work)) == (before, old.pk)
    assert [row.state for row in secrets(work)] == ["proved", "removed"]


def test_a_new_secret_that_is_accepted_late_is_the_one_that_was_made_first(tenant):
    work = connected(tenant)
    tenant.fault("lag", {"kind": "passwordCredential"}, {"usable_after_seconds": 600})
    rotate(work)
    tenant.control("DELETE", "faults")
    tenant.control("POST", "clock", json={"advance": 601})
    look_again()
    old, new = secrets(work)
    assert (old.state, new.state, in_use(work)) == ("resting", "proved", new.pk)


def test_a_look_that_is_under_way_or_not_due_is_not_begun_a_second_time(tenant):
    work = connected(tenant)
    tenant.fault("lag", {"kind": "passwordCredential"}, {"usable_after_seconds": 9999})
    run = rotate(work)
    tenant.control("DELETE", "log")
    with within(work.customer.path):
        looks = Run.objects.get(pk=run.pk).look_at
        defer(TASK, run_id=str(run.pk))
    run_until_idle()
    with within(work.customer.path):
        assert Run.objects.get(pk=run.pk).look_at == looks
    assert tenant.log() == []


def test_an_audit_compares_and_writes_nothing(tenant):
    work = connected(tenant)
    tenant.control("DELETE", "log")
    run = start(work, "start_audit")
    assert run.state == RunState.PROVED
    states = {(row["kind"], row["state"]) for row in run.result["items"]}
    assert states == {(kind, "as_planned") for kind in ("credential", "application", "principal", "permission", "role")}
    parts = [part for row in tenant.log() for part in [row, *row["subrequests"]] if "token" not in part["path"]]
    assert {part["method"] for part in parts} <= {"GET"}


def test_an_audit_names_what_is_missing_and_what_is_too_much(tenant):
    work = connected(tenant)
    with within(work.customer.path):
        Registration.objects.update(plan=pin(profile="teams-voice", version=1, features={"voice"}))
    items = {(row["name"], row["state"]) for row in start(work, "start_audit").result["items"]}
    assert ("GroupMember.Read.All", "more_than_needed") in items
    with within(work.customer.path):
        Registration.objects.update(plan=pin(profile="teams-voice", version=2, features={"voice", "teams-reading"}))
    items = {(row["name"], row["state"]) for row in start(work, "start_audit").result["items"]}
    assert ("TeamsUserConfiguration.Read.All", "missing") in items


def signed_in(work: Work, tenant: Tenant) -> actions.SignedIn:
    sealed = work.token(tenant.token())
    return actions.SignedIn(
        sealed["delegated_token_sealed_id"], sealed["delegated_token_place"], sealed["sign_in_client_id"], facts()
    )


def states(run: Run, kind: str) -> set[tuple[str, str]]:
    return {(row["name"], row["state"]) for row in run.result["items"] if row["kind"] == kind}


def test_an_audit_does_not_miss_what_was_only_for_the_set_up(tenant):
    work = connected(tenant, rotates=False, features={"voice", "automatic-domain"})
    assert {state for _name, state in states(start(work, "start_audit"), "permission")} == {"as_planned"}


def test_whoever_looks_an_audit_finds_too_much_what_the_set_up_could_not_take_away(tenant):
    refused = {"status": 403, "code": "Authorization_RequestDenied"}
    tenant.fault("403", {"method": "DELETE", "path": "*/appRoleAssignments/*"}, refused)
    work = connected(tenant, rotates=False, features={"voice", "automatic-domain"})
    tenant.control("DELETE", "faults")
    for somebody in (None, signed_in(work, tenant)):
        found = states(start(work, "start_audit", signed_in=somebody), "permission")
        too_much = {name for name, state in found if state == "more_than_needed"}
        assert too_much == {"Domain.ReadWrite.All", "User.ReadWrite.All"}


def test_an_audit_says_of_a_credential_that_a_policy_keeps_out_that_nobody_knows(tenant):
    work = connected(tenant)
    tenant.fault("blocked", {"path": "*/oauth2/v2.0/token"}, {"aadsts": 53003})
    assert {state for _name, state in states(start(work, "start_audit"), "credential")} == {"unknown"}


def test_an_audit_misses_nothing_where_something_wider_was_read(tenant):
    work, signer = make_work(version=1), tenant.token()
    work.done(signer)
    give(tenant, work, WIDER)
    with within(work.customer.path):
        Registration.objects.update(plan=pin(profile="teams-voice", version=2, features={"voice"}))
    in_person = signed_in(work, tenant)
    tenant.fault("blocked", {"path": "*/oauth2/v2.0/token"}, {"aadsts": 53003})
    found = states(start(work, "start_audit", signed_in=in_person), "permission")
    assert {("GroupMember.Read.All", "as_planned"), ("Group.Read.All", "more_than_needed")} <= found
    assert ("RoleManagement.Read.Directory", "missing") in found


def give(tenant: Tenant, work: Work, permission: str) -> None:
    """Somebody consents to a further permission of Graph's."""
    url, bearer = f"{tenant.emulator.url}/v1.0", {"Authorization": f"Bearer {tenant.token().reveal()}"}
    principal = work.registration().service_principal_id
    api = tenant.emulator.session.get(f"{url}/servicePrincipals(appId='{GRAPH_APP_ID}')", headers=bearer).json()["id"]
    body = {"principalId": principal, "resourceId": api, "appRoleId": permission}
    made = tenant.emulator.session.post(
        f"{url}/servicePrincipals/{principal}/appRoleAssignments", json=body, headers=bearer
    )
    made.raise_for_status()


def test_an_audit_misses_a_role_that_reaches_only_a_part_of_the_tenant(tenant):
    work = connected(tenant, role_choice="teams")
    move_to_rome(tenant, tenant.token(grace, MAKES_UNITS).reveal())
    found = states(start(work, "start_audit", signed_in=signed_in(work, tenant)), "role")
    assert found == {("Teams Administrator", "missing"), ("Teams Administrator", "more_than_needed")}


def test_an_upgrade_adds_what_is_missing_and_keeps_the_customers_name_and_secrets(tenant):
    work = make_work(version=1)
    work.done(tenant.token())
    (application,) = [row["body"] for row in tenant.state()["objects"].values() if row["body"].get("uniqueName")]
    rename(tenant, application["id"], "Our own name")
    before = keys_there(tenant)
    newer = pin(profile="teams-voice", version=2)
    run = start(work, "start_repair", plan=newer, signed_in=signed_in(work, tenant))
    assert (run.kind, run.state, run.error) == (RunKind.UPGRADE, RunState.PROVED, None)
    (application,) = [row["body"] for row in tenant.state()["objects"].values() if row["body"].get("uniqueName")]
    assert (application["displayName"], keys_there(tenant)) == ("Our own name", before)
    work.version = 2
    assert work.orphans(tenant) == []


def rename(tenant: Tenant, object_id: str, name: str) -> None:
    """The customer gives it another name in the portal."""
    headers = {"Authorization": f"Bearer {tenant.token().reveal()}"}
    address = f"{tenant.emulator.url}/v1.0/applications/{object_id}"
    tenant.emulator.session.patch(address, json={"displayName": name}, headers=headers).raise_for_status()


def test_a_repair_brings_a_deleted_registration_back_with_its_secret(tenant):
    work = make_work()
    work.done(tenant.token())
    before = keys_there(tenant)
    headers = {"Authorization": f"Bearer {tenant.token().reveal()}"}
    address = f"{tenant.emulator.url}/v1.0/applications/{work.registration().object_id}"
    tenant.emulator.session.delete(address, headers=headers).raise_for_status()
    run = start(work, "start_repair", plan=pin(profile="teams-voice", version=2), signed_in=signed_in(work, tenant))
    assert (run.kind, run.state, run.error) == (RunKind.REPAIR, RunState.PROVED, None)
    assert keys_there(tenant) == before
    assert work.orphans(tenant) == []


def test_a_tear_down_by_the_registration_itself_says_what_microsoft_keeps(tenant):
    work = make_work(choices={"features": {"voice", "self-rotation"}})
    assert work.done(tenant.token()).state is RunState.PROVED
    run = start(work, "start_teardown", whole=True)
    assert (run.state, run.error) == (RunState.PROVED, None)
    assert keys_there(tenant) == set()
    with within(work.customer.path):
        assert [row.kind for row in Leftover.objects.filter(cleared_at=None)] == ["deleted_application"]


def test_asking_twice_is_one_run_and_something_else_is_refused_meanwhile(tenant):
    work = connected(tenant)
    with within(work.customer.path):
        first = actions.start_rotation(**asked(work))
        assert actions.start_rotation(**asked(work)) == first
    with pytest.raises(RunUnderWay):
        start(work, "start_audit")
