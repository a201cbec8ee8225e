"""An invitation to repair asks just for what is missing: of the person, of Microsoft, and in every word before that."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection as database
from django.test import Client

from gangway.connections import actions as connections
from gangway.connections import companions, fleet, validation
from gangway.connections.models import Validation
from gangway.connections.queries import connection
from gangway.connections.repairs import repair_of
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.models import Message
from gangway.onboarding import actions
from gangway.onboarding.shapes import Step
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import tasks
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.models import Credential, Leftover, Registration
from gangway.provisioning.queries import pin
from gangway.provisioning.scopes import OF_PART, READ_ROLES
from tests.contract.tenant import Tenant
from tests.emulator.conftest import Emulator, avery, riley
from tests.rooms.factories_aboard import OLGA, asked_at_microsoft, sign_in, state_of, tokens_kept
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk
from tests.rooms.factories_renewal import again, changes, registrations, secrets, served
from tests.rooms.factories_web import put_into_wizard, soup
from tests.rooms.test_onboarding_aboard import provision
from tests.rooms.test_provisioning_runs import delete

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

REGISTRATION, CONSENT, ROLES = OF_PART.values()
ALONE = "A Privileged Role Administrator or a Global Administrator can do all of it."


def validate(walked: Walk, service_id: UUID) -> None:
    with within(walked.customer.path):
        connections.validate_connection(service_id=service_id, by=OLGA, now=clock.now())
    run_until_idle()


def lose(emulator: Emulator, *, role: bool = False, of: UUID | None = None) -> None:
    """Somebody takes one of the registration's rights away in the tenant."""
    tenant, there = Tenant(emulator), principal(of)
    kind = "role_assignments" if role else "app_role_assignments"
    one = next(row for row in tenant.state()[kind].values() if row["principalId"] == there)
    if role:
        delete(tenant, f"/roleManagement/directory/roleAssignments/{one['id']}")
    else:
        delete(tenant, f"/servicePrincipals/{there}/appRoleAssignments/{one['id']}")


def take_away_the_secret(emulator: Emulator) -> None:
    """Somebody removes it in the tenant's portal."""
    (there,) = registrations(emulator)
    url = f"{emulator.url}/v1.0/applications/{there['id']}/removePassword"
    bearer = {"Authorization": f"Bearer {Tenant(emulator).token().reveal()}"}
    for secret in there["passwordCredentials"]:
        emulator.session.post(url, json={"keyId": secret["keyId"]}, headers=bearer).raise_for_status()


def principal(registration_id: UUID | None) -> str:
    with within_everything("a test"):
        rows = Registration.objects.filter(pk=registration_id) if registration_id else Registration.objects
        return rows.get().service_principal_id


def rights(emulator: Emulator, of: UUID | None = None) -> tuple[int, int]:
    """How many permissions and roles the registration has in the tenant."""
    state, there = Tenant(emulator).state(), principal(of)
    kinds = ("app_role_assignments", "role_assignments")
    grants, roles = (sum(row["principalId"] == there for row in state[kind].values()) for kind in kinds)
    return grants, roles


def repair(walked: Walk, service_id: UUID) -> Walk:
    return again(walked, service_id, purpose=Purpose.REPAIR)


def page(walked: Walk, path: str = "/wizard/") -> str:
    browser = Client()
    put_into_wizard(browser, walked.case_id)
    return " ".join(soup(browser.get(path, follow=True)).main.get_text(" ", strip=True).split())


def start(walked: Walk) -> None:
    actions.start_provisioning(case_id=walked.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()


@pytest.mark.parametrize("role", [False, True])
def test_who_may_give_what_was_lost_repairs_alone_and_no_second_secret_is_made(emulator, role):
    walked, service_id = served(emulator)
    before, used = rights(emulator), secrets(walked)
    lose(emulator, role=role)
    validate(walked, service_id)
    mending = repair(walked, service_id)
    assert changes(mending)[0] == "The App registration gw-contoso stays and keeps its credential."
    with within(walked.customer.path):
        mail = Message.objects.filter(kind="invitation").latest("created_at")
    assert mail.context["whole_role"] == "a Privileged Role Administrator or a Global Administrator"
    assert ALONE in page(mending)
    sign_in(mending, emulator, riley)
    assert set(asked_at_microsoft(mending)) & {CONSENT, ROLES} == {ROLES if role else CONSENT}
    assert (READ_ROLES in asked_at_microsoft(mending)) is not role
    signer = mending.view().signer
    assert [part.key for part in signer.parts] == ["roles" if role else "consent"]
    assert (signer.can_everything, signer.summary) == (True, "")
    assert "its credential stays" in page(mending)
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    assert "“gw-contoso” gets what it lacks" in page(mending)
    start(mending)
    assert (mending.view().step, state_of(mending), tokens_kept()) == (Step.DONE, State.ADDED, [])
    assert "has what was missing, and keeps its credential." in page(mending)
    assert "new credential" not in page(mending)
    assert rights(emulator) == before
    assert [(row.pk, row.state) for row in secrets(walked)] == [(used[0].pk, "proved")]
    assert [len(row["passwordCredentials"]) for row in registrations(emulator)] == [1]
    with within(walked.customer.path):
        found = connection(service_id)
        assert (found.status, found.credential.id) == ("ok", used[0].pk)
        assert {row.state for row in found.grants} == {"as_planned"}


def test_a_repair_makes_another_credential_where_the_one_in_use_has_expired_and_says_so(emulator):
    walked, service_id = served(emulator)
    before = rights(emulator)
    lose(emulator)
    validate(walked, service_id)
    with within(walked.customer.path):
        Credential.objects.update(expires_at=clock.now() - timedelta(days=1))
    mending = repair(walked, service_id)
    assert changes(mending)[:2] == (
        "The App registration gw-contoso stays and gets a new credential.",
        "Another credential is made, as the one in use has expired.",
    )
    assert ALONE not in page(mending)
    sign_in(mending, emulator)
    assert {REGISTRATION, CONSENT, ROLES} & set(asked_at_microsoft(mending)) == {REGISTRATION, CONSENT}
    assert [part.key for part in mending.view().signer.parts] == ["registration", "credential", "consent"]
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    start(mending)
    assert (mending.view().step, rights(emulator)) == (Step.DONE, before)
    assert [row.state for row in secrets(walked)] == ["resting", "proved"]
    assert "signs in with the new credential from now on." in page(mending)


def test_a_repair_that_finds_the_credential_in_use_gone_does_not_say_that_it_was_kept(emulator):
    walked, service_id = served(emulator)
    lose(emulator)
    validate(walked, service_id)
    mending = repair(walked, service_id)
    sign_in(mending, emulator)
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    take_away_the_secret(emulator)
    with within(walked.customer.path):
        Credential.objects.update(made_at=clock.now() - timedelta(days=1))  # Microsoft lists it everywhere by now
    start(mending)
    assert mending.view().step is Step.DONE
    assert [row.state for row in secrets(walked)] == ["removed", "proved"]
    assert "keeps its credential" not in page(mending)
    assert "signs in with the new credential from now on." in page(mending)


def test_who_can_not_give_what_is_missing_leaves_just_that_to_a_colleague(emulator):
    walked, service_id = served(emulator)
    lose(emulator)
    validate(walked, service_id)
    mending = repair(walked, service_id)
    sign_in(mending, emulator, avery)
    assert mending.view().signer.summary.startswith("This account can't consent to the permissions:")
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    start(mending)
    waiting = mending.view().waiting
    assert [row.what for row in waiting.remaining] == ["Permission"]
    assert waiting.can_check
    assert len(secrets(walked)) == 1
    with within(walked.customer.path):
        Credential.objects.update(expires_at=clock.now() - timedelta(days=1))
    actions.sign_in_again(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    sign_in(mending, emulator)
    assert {REGISTRATION, CONSENT, ROLES} & set(asked_at_microsoft(mending)) == {REGISTRATION, CONSENT}
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    start(mending)
    assert mending.view().step is Step.DONE
    assert [row.state for row in secrets(walked)] == ["resting", "proved"], "the one in use ended while it was waited"


def test_what_is_lost_beside_the_connection_is_repaired_alone(emulator):
    walked, service_id = served(emulator, features=("call-quality",))
    run_until_idle()
    validate(walked, service_id)
    with within(walked.customer.path):
        quality = companions.companion(service_id, "qoe").registration
    before, kept = rights(emulator, quality.id), {row.pk for row in secrets(walked)}
    lose(emulator, of=quality.id)
    with within(walked.customer.path):
        companions.validate(service_id=service_id, profile="qoe", by=OLGA, now=clock.now())
    run_until_idle()
    mending = repair(walked, service_id)
    assert not [line for line in changes(mending) if "new credential" in line]
    assert "a second one, with a credential of its own" not in page(mending)
    sign_in(mending, emulator, riley)
    assert {CONSENT, ROLES} & set(asked_at_microsoft(mending)) == {CONSENT}
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    start(mending)
    assert (mending.view().step, rights(emulator, quality.id)) == (Step.DONE, before)
    assert {row.pk for row in secrets(walked)} == kept
    with within(walked.customer.path):
        assert companions.companion(service_id, "qoe").status == "ok"


def test_what_nobody_uses_goes_with_a_repair_that_keeps_the_credential_and_no_other_life_is_told_of(emulator):
    walked, service_id = served(emulator)
    first = again(walked, service_id)
    sign_in(first, emulator)
    provision(first, name="")
    with within(walked.customer.path):
        Credential.objects.filter(state="resting").update(rest_until=clock.now() - timedelta(minutes=1))
    tasks.remove_rested()
    run_until_idle()
    validate(walked, service_id)
    old, used = secrets(walked)
    plan, _ = pin(features={"voice", "self-rotation"})
    mending = again(walked, service_id, purpose=Purpose.REPAIR, plan=plan)
    told = changes(mending)
    assert told[0] == "The App registration gw-contoso stays and keeps its credential."
    assert told[-1] == f"Removed from it, as nobody uses it: the credential {old.display_name}."
    assert not [line for line in told if line.startswith("The credential lives")]
    sign_in(mending, emulator)
    provision(mending, name="")
    assert mending.view().step is Step.DONE
    assert [(row.pk, row.state) for row in secrets(walked)] == [(old.pk, "removed"), (used.pk, "proved")]
    with within(walked.customer.path):
        assert not Leftover.objects.filter(kind="credential", cleared_at=None)
    assert [len(row["passwordCredentials"]) for row in registrations(emulator)] == [1]


def test_a_look_that_began_before_the_repair_was_proved_is_begun_anew_and_nothing_is_asked_for_twice(emulator):
    walked, service_id = served(emulator)
    lose(emulator)
    validate(walked, service_id)
    mending = repair(walked, service_id)
    sign_in(mending, emulator, riley)
    actions.confirm_signed_in(case_id=mending.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        looking = connections.validate_connection(service_id=service_id, by=OLGA, now=clock.now())
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s", [fleet.VALIDATE])
    begun = validation.begin(validation_id=looking, now=clock.now())
    start(mending)
    assert mending.view().step is Step.DONE
    with within(walked.customer.path):
        about = invited.invitation(mending.invitation_id)
        asked = repair_of(service_id, about.registration_id, about.plan, now=clock.now())
        assert asked.parts == frozenset(), "what the proof saw is newer than any look"
    late = CheckResult((CheckItem("permissions", "Permissions", "error", "Missing."),), granted=frozenset({"A.Read"}))
    assert not validation.end(validation_id=looking, begun=begun, result=late, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        assert connection(service_id).status == "ok"


def test_what_nobody_could_see_is_asked_for_as_well(emulator):
    walked, service_id = served(emulator)
    with within_everything("a test"):
        Validation.objects.update(roles=None)
    mending = repair(walked, service_id)
    mending.start(riley[0])
    assert {CONSENT, ROLES} & set(asked_at_microsoft(mending)) == {ROLES}, "its last look said nothing of roles"
