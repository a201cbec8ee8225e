"""The whole way aboard against the emulator as a real process, as far along as a test needs it."""

from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import callers_thread
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.transport import shared
from gangway.onboarding import actions, polling, queries
from gangway.onboarding.models import SignIn
from gangway.onboarding.visits import Visitor
from gangway.organizations.scope import within
from gangway.vault.models import Sealed
from tests.emulator.conftest import Emulator, grace
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk, make_due, walk

OLGA = Actor(kind="person", id="00000000-0000-4000-8000-00000000001a", name="Olga Operator")
OTTO = Actor(kind="person", id="00000000-0000-4000-8000-00000000001b", name="Otto Operator")


def look(walked: Walk) -> None:
    """Let the polling loop look at the case's sign-in once."""
    sign_in = walked.view().sign_in
    make_due(sign_in.id)
    known = settings.GANGWAY

    async def visited() -> None:
        rounds = polling.Rounds(Visitor(await shared(known.extra_ca_file), partial(Cloud.of, known), "loop"))
        await rounds.once()
        await rounds.finish()

    with callers_thread():
        async_to_sync(visited)()


def flow(walked: Walk) -> dict[str, str]:
    """What the administrator has in hand: the code from our page and Microsoft's address."""
    return {
        "user_code": queries.user_code(walked.case_id),
        "verification_uri": walked.view().sign_in.verification_uri,
    }


def sign_in(walked: Walk, emulator: Emulator, who: tuple[str, str] = grace, *, colleague: str | None = None) -> None:
    """Start Authentication, sign in at Microsoft, and be looked at."""
    walked.start(who[0], colleague=colleague)
    run_until_idle()
    emulator.grant(flow(walked), who)
    look(walked)
    look(walked)


def asked_at_microsoft(walked: Walk) -> list[str]:
    """The scopes of the case's newest sign-in."""
    with within(walked.customer.path):
        scopes: str = SignIn.objects.filter(case_id=walked.case_id).latest("created_at").scopes
    return scopes.split()


def provision(walked: Walk, name: str = "gw-contoso") -> None:
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=walked.case_id, name=name, by=ADMINISTRATOR, now=clock.now())
    run_until_idle()


def aboard(emulator: Emulator, **more: Any) -> Walk:
    walked = walk(**{"domain": "contoso.com", **more})
    sign_in(walked, emulator)
    provision(walked)
    return walked


def state_of(walked: Walk) -> State:
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id).state


def tokens_kept() -> list[str]:
    return list(
        Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.").values_list("place", flat=True)
    )


def add(walked: Walk, by: Actor = OLGA) -> UUID:
    with within(walked.customer.path):
        return actions.add_pending(invitation_id=walked.invitation_id, by=by, now=clock.now())


def finished(walked: Walk) -> UUID:
    onboarding_id, step = add(walked), {"by": OLGA, "now": clock.now()}
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, **step)
        run_until_idle()
        actions.accept_validation(onboarding_id=onboarding_id, **step)
        actions.save_microsoft_settings(onboarding_id=onboarding_id, domain="contoso.onmicrosoft.com", **step)
        actions.accept_prerequisites(onboarding_id=onboarding_id, **step)
        return actions.finish(onboarding_id=onboarding_id, **step)
