"""Who signed in and has not started their run: the sign-in application stays in their tenant for them, or is listed."""

from datetime import datetime
from typing import Final

from gangway.audit.record import Actor
from gangway.invitations import queries as invited
from gangway.onboarding import applications
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.states import CaseState
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as runs

ABOUT_TO_START: Final = frozenset({CaseState.SIGNED_IN, CaseState.NAMING})


def is_about_to_start(tenant_id: str, client_id: str) -> bool:
    """Whether somebody works in the wizard with a fresh sign-in of this application in this tenant; within everything.

    Idle ones are let go by `tidying`, so that nobody is waited for in vain.
    """
    about = {"signer__tenant_id": tenant_id, "sign_in__client_id": client_id}
    return Case.objects.filter(state__in=[state.value for state in ABOUT_TO_START], **about).exists()


def note_left(case: Case, *, by: Actor, now: datetime) -> None:
    """Of a locked case that goes on without its sign-ins: list what they left in the tenant, if nobody needs it.

    A run that worked with the latest of them in its tenant, or was resumed since, says so itself.
    """
    latest: dict[tuple[str, str], SignIn] = {}
    for one in SignIn.objects.filter(case=case).exclude(signer={}).order_by("-created_at"):
        latest.setdefault((str(one.signer["tenant_id"]), one.client_id), one)
    for one in latest.values():
        if case.run_id is None or not runs.set_going_since(case.run_id, one.created_at):
            _note(case, one, by=by, now=now)


def _note(case: Case, latest: SignIn, *, by: Actor, now: datetime) -> None:
    application = applications.find(case.provider_id, cloud=latest.cloud)
    about = provisioning.SignInLeft(
        organization_id=case.organization_id,
        service_id=case.service_id,
        tenant_id=str(latest.signer["tenant_id"]),
        tenant_name=str(latest.signer["tenant_name"]),
        client_id=latest.client_id,
        application_name=application.display_name if application else latest.client_id,
    )
    provisioning.note_sign_in_left(about, plan=invited.invitation(case.invitation_id).plan, by=by, now=now)
