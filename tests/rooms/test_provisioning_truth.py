"""A truthful end: the set-up's rights go, PIM's ends are kept, Teams is really asked, no token outlives a run."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within
from gangway.provisioning import actions, conduct, queries, tasks
from gangway.provisioning.engine import course
from gangway.provisioning.engine import profile as profiles
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.verify import NOT_CALLED_YET, TEAMS_WAS_READ
from gangway.provisioning.mending import Look, mending
from gangway.provisioning.models import Leftover, Registration
from gangway.provisioning.queries import scopes_for
from gangway.provisioning.states import RunState, StepState
from gangway.vault.models import Sealed
from tests.contract.tenant import MAKES_UNITS, Tenant, blueprint
from tests.contract.test_features import DIRECTORY_READERS, TEAMS_ADMINISTRATOR
from tests.emulator.conftest import avery, grace
from tests.rooms.factories_provisioning import BY, CLIENT, Work, make_work
from tests.rooms.test_provisioning_copying import post, time_passes
from tests.rooms.test_provisioning_rotation import signed_in, start
from tests.rooms.test_provisioning_runs import Killed, check, let_the_lease_end, run_until_killed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SETUP_ONLY = {"Domain.ReadWrite.All", "User.ReadWrite.All"}


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"propagation_deadline_seconds": 1})
    return tenant


def done(tenant: Tenant, **choices: Any) -> Work:
    work = make_work(choices=choices)
    work.done(tenant.token())
    return work


def held(work: Work, tenant: Tenant) -> set[str]:
    """Names of the permissions that the emulator itself says the registration has."""
    voice = profiles.load("teams-voice")
    assert voice
    names = {entry.id: entry.value for entry in voice.permissions}
    principal = work.registration().service_principal_id
    rows = tenant.state()["app_role_assignments"].values()
    return {names[row["appRoleId"]] for row in rows if row["principalId"] == principal}


@pytest.mark.parametrize("lifted", [True, False])
def test_a_proved_run_is_never_a_failure_however_long_its_end_takes(tenant, monkeypatch, lifted):
    """`lifted` False: its time is over between its proof and the word that its end bounds itself."""
    settle_down, going = course.settle_down, conduct._course

    async def slowly(*args: Any, **more: Any) -> Any:
        await asyncio.sleep(5)
        return await settle_down(*args, **more)

    async def unlifted(opened: Any, journal: Any, **_on_proof: Any) -> Any:
        return await going(opened, journal, on_proof=lambda: None)

    monkeypatch.setattr(conduct, "_seconds_left", lambda _opened: 4.0)
    monkeypatch.setattr(course, "settle_down", slowly)
    if not lifted:
        monkeypatch.setattr(conduct, "_course", unlifted)
    work = done(tenant, features=["automatic-domain"])
    run = work.run()
    assert (run.state, run.error, work.registration().state) == (RunState.PROVED, None, "proved")
    with within(work.customer.path):
        left = [(row.kind, row.name) for row in Leftover.objects.all()]
    assert {name for kind, name in left if kind == "permission"} == (set() if lifted else SETUP_ONLY)
    assert tenant.has_sign_in_application() is not lifted
    assert ("sign_in_application" in {kind for kind, _ in left}) is not lifted


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_run_that_died_after_its_proof_ends_well_however_late_somebody_goes_on(tenant, monkeypatch, settings):
    async def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    work = make_work()
    work.start(tenant.token())
    monkeypatch.setattr(course.Course, "_end", die)
    run_until_killed()
    monkeypatch.undo()
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": 1})
    time_passes("started_at")
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert not tenant.has_sign_in_application()


def test_what_is_only_for_the_set_up_is_gone_from_the_tenant_at_the_end(tenant):
    work = done(tenant, features=["automatic-domain"])
    assert work.run().state is RunState.PROVED
    assert held(work, tenant) & SETUP_ONLY == set()
    proofs = {right.name: right.proof for right in work.registration().permissions}
    assert {name for name, proof in proofs.items() if proof == "removed"} == SETUP_ONLY
    assert work.orphans(tenant) == []
    assert {item.key: item.state for item in check(work).items}["permissions"] == "ok"
    taken = [step for step in work.run().steps if step.kind in {"remove_permission", "shorten_list"}]
    assert {step.state for step in taken} == {StepState.DONE}
    assert all(step.request_id for step in taken)


GIVEN_UP = {"TeamsUserConfiguration.Read.All", "Application.ReadWrite.OwnedBy"}
OPTIONAL = ("teams-reading", "self-rotation")
"""Features, and what they ask for."""


def failed(tenant: Tenant, who: tuple[str, str] = grace, *more: str, choices: dict[str, Any] | None = None) -> Work:
    """A run that gave all that was asked for and this person may give, by `more` scopes, and then failed."""
    work = make_work(choices=choices or {"features": OPTIONAL, "role_choice": "teams"})
    token = tenant.token(who, *more)
    tenant.fault("blocked", {"path": "*/oauth2/v2.0/token"}, {"aadsts": 53003})
    assert work.done(token).state is RunState.FAILED
    tenant.control("DELETE", "faults")
    return work


def declined_after_a_failure(tenant: Tenant) -> Work:
    """Another choice of roles, the features declined."""
    work = failed(tenant)
    plan, _ = queries.pin(version=2, role_choice="telephony", features=OPTIONAL)
    work.resume(tenant.token(), plan=queries.with_declined(plan, OPTIONAL))
    return work


def listed(tenant: Tenant, work: Work) -> set[str]:
    """Ids of the permissions on the registration's own list."""
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    (mine,) = [row for row in rows if row.get("uniqueName") == f"gangway-{work.registration_id}"]
    return {one["id"] for api in mine["requiredResourceAccess"] for one in api["resourceAccess"]}


def test_what_an_earlier_attempt_gave_and_was_declined_since_is_taken_away_again(tenant):
    work = declined_after_a_failure(tenant)
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert listed(tenant, work) == {entry.id for entry in blueprint().permissions}
    assert {right.name for right in work.registration().permissions} & GIVEN_UP == set()


def test_likewise_what_a_failed_upgrade_gave_when_another_one_is_asked_for_without_it(tenant):
    work = make_work(version=1)
    work.done(tenant.token())
    signed = signed_in(work, tenant)
    tenant.fault("blocked", {"path": "*/oauth2/v2.0/token"}, {"aadsts": 53003})
    first = start(work, "start_repair", plan=queries.pin(version=2, features=OPTIONAL)[0], signed_in=signed)
    tenant.control("DELETE", "faults")
    assert (first.state, held(work, tenant) >= GIVEN_UP) == (RunState.FAILED.value, True)
    again = start(work, "start_repair", plan=queries.pin(version=2)[0], signed_in=signed_in(work, tenant))
    assert again.state == RunState.PROVED.value
    assert held(work, tenant) == {entry.value for entry in blueprint().permissions}
    assert listed(tenant, work) == {entry.id for entry in blueprint().permissions}


def test_what_was_taken_away_again_has_to_be_listed_anew_when_it_is_wanted_after_all(tenant):
    work = declined_after_a_failure(tenant)
    run_until_idle()
    plan, _ = queries.pin(version=2, role_choice="telephony", features=OPTIONAL)
    about = work.registration()
    (credential,) = [one for one in about.credentials if one.state == "proved"]
    seen = Look({right.name for right in about.permissions}, {right.role_id for right in about.roles})
    with within(work.customer.path):
        found = mending(work.registration_id, plan, credential_id=credential.id, seen=seen, now=clock.now())
    assert found.parts == {Part.REGISTRATION, Part.CONSENT}


@pytest.mark.parametrize("path", ["appRoleAssignments", "roleAssignments"])
def test_likewise_what_it_gave_although_microsoft_denied_it(tenant, path):
    denied = {"status": 404, "code": "Request_ResourceNotFound", "late": True}
    tenant.fault("late", {"method": "POST", "path": f"*/{path}", "times": 9}, denied)
    work = declined_after_a_failure(tenant)
    run_until_idle()
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert listed(tenant, work) == {entry.id for entry in blueprint().permissions}


@pytest.mark.parametrize(
    ("path", "names"),
    [("servicePrincipals/*/appRoleAssignments", GIVEN_UP), ("roleManagement/*", {"Teams Administrator"})],
)
def test_what_was_declined_and_cannot_be_taken_away_is_a_listed_leftover(tenant, path, names):
    work = declined_after_a_failure(tenant)
    refused = {"status": 403, "code": "Authorization_RequestDenied"}
    tenant.fault("403", {"method": "DELETE", "path": f"/v1.0/{path}/*"}, refused)
    run_until_idle()
    assert work.run().state is RunState.PROVED
    with within(work.customer.path):
        left = Leftover.objects.filter(registration_id=work.registration_id, kind__in=["permission", "role"])
        assert {row.name for row in left} == names


def test_what_was_declined_leaves_the_list_before_anybody_consents_by_it(tenant):
    tenant.token(grace)
    work = failed(tenant, avery)
    work.resume(tenant.token(avery), plan=queries.pin(version=2)[0])
    run_until_idle()
    assert work.run().state is RunState.WAITING
    assert listed(tenant, work) == {entry.id for entry in blueprint().permissions}


IN_A_UNIT: dict[str, Any] = {"features": ["administrative-unit"], "role_choice": "teams"}


@pytest.mark.parametrize("before", [None, "Rome"], ids=["the whole tenant", "another unit"])
def test_a_role_goes_that_a_failed_try_gave_elsewhere_than_the_next_one_limits_it_to(tenant, before):
    limited, _ = queries.pin(version=2, **IN_A_UNIT, unit="Berlin")
    more = (grace, *scopes_for(limited), MAKES_UNITS)
    token = tenant.token(*more).reveal()
    units = {
        name: post(tenant, token, "directory/administrativeUnits", displayName=name) for name in ("Berlin", "Rome")
    }
    work = failed(tenant, *more, choices=IN_A_UNIT | {"unit": before}) if before else failed(tenant)
    work.resume(tenant.token(*more), plan=limited)
    run_until_idle()
    assert work.run().state is RunState.PROVED
    scopes = {
        (row["roleDefinitionId"], row["directoryScopeId"])
        for row in tenant.state()["role_assignments"].values()
        if row["principalId"] == work.registration().service_principal_id
    }
    assert scopes == {(TEAMS_ADMINISTRATOR, f"/administrativeUnits/{units['Berlin']}"), (DIRECTORY_READERS, "/")}


def test_likewise_what_a_run_gave_that_was_cancelled_at_rest_and_begun_anew_without_it(tenant):
    work = failed(tenant)
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())
    run_until_idle()
    work.choices = {}
    assert work.done(tenant.token()).state is RunState.PROVED
    assert work.orphans(tenant) == []
    assert listed(tenant, work) == {entry.id for entry in blueprint().permissions}


def test_what_cannot_be_taken_away_is_a_listed_leftover_and_the_run_no_failure(tenant):
    match = {"method": "DELETE", "path": "*/appRoleAssignments/*"}
    tenant.fault("403", match, {"status": 403, "code": "Authorization_RequestDenied"})
    work = done(tenant, features=["automatic-domain"])
    assert work.run().state is RunState.PROVED
    with within(work.customer.path):
        left = Leftover.objects.filter(registration_id=work.registration_id, kind="permission")
        assert {row.name for row in left} == SETUP_ONLY
        assert all("still there" in row.why for row in left)
    assert held(work, tenant) >= SETUP_ONLY
    assert "removed" not in {right.proof for right in work.registration().permissions}


def test_pim_gives_the_role_until_the_end_that_the_plan_names(tenant):
    work = done(tenant, role_days=90)
    assert work.run().state is RunState.PROVED
    assert work.orphans(tenant) == []
    ends = work.registration().roles_end_at
    assert ends
    assert timedelta(days=89) < ends - clock.now() < timedelta(days=91)
    items = {item.key: item for item in check(work).items}
    assert items["roles_end"].state == "ok"
    requests = tenant.state()["settings"]["roleScheduleRequests"]
    assert {row["action"] for row in requests} == {"adminAssign"}
    assert all(row["justification"] for row in requests)


UNREAD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"method": "GET", "path": "*/roleAssignmentScheduleInstances*"}, {"status": 503, "retry_after": 0}),
    ({"method": "GET", "path": "*/roleAssignmentScheduleInstances*"}, {"status": 403}),
    ({"method": "GET", "path": "*/roleAssignmentScheduleInstances*"}, {"status": 200, "body": {"value": []}}),
]


@pytest.mark.parametrize(("match", "effect"), UNREAD)
def test_an_end_that_is_not_listed_is_the_one_that_microsoft_told_when_it_gave_the_role(tenant, match, effect):
    tenant.fault("unread", match, effect)
    work = done(tenant, role_days=90)
    assert work.run().state is RunState.PROVED
    ends = work.registration().roles_end_at
    assert ends
    assert timedelta(days=89) < ends - clock.now() < timedelta(days=91)


def test_an_end_that_nobody_could_read_is_unknown_and_the_next_look_finds_it(tenant):
    work = done(tenant, role_days=90)
    with within(work.customer.path):
        Registration.objects.update(roles_end_at=None)
    tenant.fault("unread", *UNREAD[0])
    assert {item.key: item.state for item in check(work).items}["roles_end"] == "unknown"
    tenant.control("DELETE", "faults")
    assert {item.key: item.state for item in check(work).items}["roles_end"] == "ok"
    ends = work.registration().roles_end_at
    assert ends
    assert timedelta(days=89) < ends - clock.now() < timedelta(days=91)


def test_the_end_of_a_role_is_watched_like_that_of_a_secret(tenant):
    work = done(tenant, role_days=90)
    tenant.fault("unread", *UNREAD[0])
    for days, state in ((10, "warning"), (-1, "unknown")):
        with within(work.customer.path):
            Registration.objects.update(roles_end_at=clock.now() + timedelta(days=days))
        item = next(item for item in check(work).items if item.key == "roles_end")
        assert (item.state, "may assign roles has to sign in" in item.cure) == (state, state == "warning")
    tenant.control("DELETE", "faults")
    assert {item.key: item.state for item in check(work).items}["roles_end"] == "ok", "what the tenant says counts"


@pytest.mark.parametrize(("match", "effect", "stale"), [(*case, case[1]["status"] == 503) for case in UNREAD])
def test_an_end_by_our_record_says_whether_microsoft_only_did_not_answer_just_now(tenant, match, effect, stale):
    work = done(tenant, role_days=90)
    assert not any(item.stale for item in check(work).items)
    tenant.fault("unread", match, effect)
    assert [item.key for item in check(work).items if item.stale] == ["roles_end"] * stale


def test_roles_that_are_gone_when_their_end_is_past_have_ended(tenant):
    work = done(tenant, role_days=90)
    principal, session = work.registration().service_principal_id, tenant.emulator.session
    root = f"{tenant.emulator.url}/v1.0/roleManagement/directory/roleAssignments"
    headers = {"Authorization": f"Bearer {tenant.token().reveal()}"}
    asked = {"$filter": f"principalId eq '{principal}'"}
    for row in session.get(root, params=asked, headers=headers).json()["value"]:
        session.delete(f"{root}/{row['id']}", headers=headers).raise_for_status()
    with within(work.customer.path):
        Registration.objects.update(roles_end_at=clock.now() - timedelta(days=1))
    items = {item.key: item for item in check(work).items}
    assert (items["roles_end"].state, items["roles"].state) == ("error", "error")


def test_without_the_licence_for_pim_the_run_says_so_and_who_helps(tenant):
    tenant.control("PATCH", f"tenants/{tenant.id}/policies", json={"entraEdition": "P1"})
    work = done(tenant, role_days=90)
    error = work.run().error
    assert error
    assert (work.run().state, error.microsoft_code) == (RunState.FAILED, "AadPremiumLicenseRequired")
    assert "Privileged Identity Management" in error.cure


def test_a_rule_of_pim_that_forbids_the_assignment_is_named(tenant):
    tenant.control("PATCH", f"tenants/{tenant.id}/policies", json={"pim": {"ticket": True}})
    error = done(tenant, role_days=90).run().error
    assert error
    assert error.microsoft_code == "RoleAssignmentRequestPolicyValidationFailed"
    assert "Privileged Identity Management" in error.cure


def test_teams_is_really_asked_where_the_profile_allows_it(tenant):
    work = done(tenant, features=["teams-reading"])
    (asked,) = [step for step in work.run().steps if step.kind == "teams_read"]
    assert (asked.state, asked.words) == (StepState.DONE, TEAMS_WAS_READ)
    assert asked.request_id
    assert {item.key: item.state for item in check(work).items}["teams_read"] == "ok"


def test_without_the_permission_the_words_are_exactly_that_nothing_was_called(tenant):
    work = done(tenant)
    steps = {step.kind: step for step in work.run().steps}
    assert "teams_read" not in steps
    assert steps["teams_token"].words == NOT_CALLED_YET == "Role in token, not called yet."
    assert "teams_read" not in {item.key for item in check(work).items}
    roles = next(item for item in check(work).items if item.key == "roles")
    assert "role in token, not called yet" in roles.words


def test_a_teams_that_does_not_answer_yet_is_no_success(tenant):
    tenant.fault("403", {"method": "GET", "path": "/v1.0/admin/teams/*"}, {"status": 403, "code": "Forbidden"})
    work = done(tenant, features=["teams-reading"])
    assert work.run().state is RunState.COPYING
    assert work.registration().proved_at is None


def ended_in_waiting(tenant: Tenant, work: Work) -> None:
    tenant.token()
    work.start(tenant.token(avery))


def ended_in_failure(tenant: Tenant, work: Work) -> None:
    tenant.fault("403", {"method": "PATCH", "path": "/v1.0/applications(*"}, {"status": 403})
    work.start(tenant.token())


def ended_with_the_authority(tenant: Tenant, work: Work) -> None:
    tenant.fault("401", {"method": "POST", "path": "/v1.0/$batch"}, {"status": 401})
    work.start(tenant.token())


def ended_in_success(tenant: Tenant, work: Work) -> None:
    work.start(tenant.token())


def ended_before_it_began(tenant: Tenant, work: Work) -> None:
    work.start(tenant.token())
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


ENDS = [
    (ended_in_success, RunState.PROVED),
    (ended_in_waiting, RunState.WAITING),
    (ended_in_failure, RunState.FAILED),
    (ended_with_the_authority, RunState.NEEDS_SIGN_IN),
    (ended_before_it_began, RunState.CANCELLED),
]


@pytest.mark.parametrize(("end", "state"), ENDS, ids=lambda value: getattr(value, "__name__", value))
def test_the_delegated_token_is_destroyed_however_a_run_ends(tenant, end, state):
    work = make_work()
    before = set(Sealed.objects.values_list("pk", flat=True))
    end(tenant, work)
    tokens = Sealed.objects.exclude(pk__in=before).filter(place__contains="onboarding.sign_in.token")
    assert tokens.filter(ciphertext__isnull=False).exists() or state is RunState.CANCELLED
    run_until_idle()
    assert work.run().state is state
    assert tokens.exists()
    assert not tokens.filter(ciphertext__isnull=False).exists()
    assert work.row().token_sealed_id is None


def test_a_run_cancelled_at_work_destroys_it_too(tenant, monkeypatch):
    work = make_work()
    work.start(tenant.token())
    token_id = work.row().token_sealed_id
    original = conduct.Course.run

    async def cancelled_meanwhile(self: Any) -> Any:
        from gangway.jobs.threads import in_database  # noqa: PLC0415

        await in_database(cancel, work)
        return await original(self)

    monkeypatch.setattr(conduct.Course, "run", cancelled_meanwhile)
    run_until_idle()
    assert work.run().state is RunState.CANCELLED
    assert Sealed.objects.get(pk=token_id).ciphertext is None


def cancel(work: Work) -> None:
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def test_the_sign_in_application_stays_while_another_run_of_the_tenant_needs_it(tenant):
    other = make_work()
    tenant.token()
    other.start(tenant.token(avery), name="other1")
    run_until_idle()
    assert other.run().state is RunState.WAITING
    work = make_work()
    work.done(tenant.token())
    assert work.run().state is RunState.PROVED
    assert tenant.has_sign_in_application()
    assert work.registration().sign_in_application_removed == "no"


def test_the_sign_in_application_that_cannot_be_removed_is_listed(tenant):
    refused = {"status": 403, "code": "Authorization_RequestDenied"}
    tenant.fault("403", {"method": "DELETE", "path": "/v1.0/servicePrincipals/*"}, refused)
    work = done(tenant)
    assert work.registration().sign_in_application_removed == "no"
    with within(work.customer.path):
        assert Leftover.objects.filter(kind="sign_in_application", cleared_at=None).count() == 1


def test_a_removal_that_nobody_answered_is_looked_after(tenant):
    tenant.fault("cut", {"method": "DELETE", "path": "/v1.0/servicePrincipals/*"}, {"cut": "after"})
    work = done(tenant)
    assert work.run().state is RunState.PROVED
    assert work.registration().sign_in_application_removed == "yes"
    assert not tenant.has_sign_in_application()


@pytest.mark.parametrize(
    ("match", "effect"),
    [
        ({"method": "DELETE", "path": "/v1.0/servicePrincipals/*"}, {"cut": "before"}),
        ({"method": "DELETE", "path": "/v1.0/servicePrincipals/*"}, {"status": 503, "retry_after": 0}),
        ({"method": "GET", "path": f"*{CLIENT}*", "nth": 2}, {"status": 503, "retry_after": 0}),
    ],
)
def test_what_could_not_be_seen_gone_is_listed_and_cleared_by_the_next_sight(tenant, match, effect):
    tenant.fault("trouble", match, effect)
    work = done(tenant)
    assert work.run().state is RunState.PROVED
    assert work.registration().sign_in_application_removed in {"no", "unknown"}
    with within(work.customer.path):
        assert Leftover.objects.filter(kind="sign_in_application", cleared_at=None).count() == 1
    tenant.control("DELETE", "faults")
    again = make_work()
    again.done(tenant.token(), name="voice2")
    assert not tenant.has_sign_in_application()
    with within(work.customer.path):
        assert not Leftover.objects.filter(kind="sign_in_application", cleared_at=None).exists()


SLIPS: list[dict[str, Any]] = [{"status": 503}, {"status": 409}, {"cut": "before"}, {"cut": "after"}]


@pytest.mark.parametrize("effect", SLIPS)
def test_what_is_only_for_the_set_up_goes_although_microsoft_did_not_do_it_at_first(tenant, effect):
    tenant.fault("slip", {"method": "DELETE", "path": "*/appRoleAssignments/*", "times": 1}, effect)
    work = done(tenant, features=["automatic-domain"])
    assert work.run().state is RunState.PROVED
    assert held(work, tenant) & SETUP_ONLY == set()
    with within(work.customer.path):
        assert not Leftover.objects.filter(cleared_at=None).exists()
