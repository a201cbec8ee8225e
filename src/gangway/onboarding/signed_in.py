"""Who signed in and has not started their run: the sign-in application stays in their tenant for them, or is listed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gangway.audit.record import Actor
from gangway.invitations import queries as invited
from gangway.onboarding import applications
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.states import CaseState, SignInState
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as runs

ABOUT_TO_START: Final = frozenset({CaseState.SIGNED_IN, CaseState.NAMING})

NO_RUN: Final = "Somebody signed in to this tenant, and nothing came of it."
ELSEWHERE: Final = (
    "Somebody who was invited for {customer} signed in with an account of another organization, and was refused. "
    "The tenant is that organization's, not {customer}'s: only its administrators can remove this."
)
READ: Final = "Its domains: {domains}."
UNREAD: Final = "Nothing of the tenant was read before the refusal, so that no more than its ID is known."

MOST_NAMED: Final = 3


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
    invitation = invited.invitation(case.invitation_id)
    tenant_id, tenant_name = str(latest.signer["tenant_id"]), str(latest.signer["tenant_name"])
    elsewhere, is_read = latest.state == SignInState.WRONG_TENANT, tenant_name != tenant_id
    came_by = ELSEWHERE.format(customer=invitation.customer_name) if elsewhere else NO_RUN
    read = READ.format(domains=", ".join(latest.signer.get("domains", ())[:MOST_NAMED])) if is_read else UNREAD
    about = provisioning.SignInLeft(
        organization_id=case.organization_id,
        service_id=case.service_id,
        tenant_id=tenant_id,
        tenant_name=tenant_name if is_read else "",
        client_id=latest.client_id,
        application_name=application.display_name if application else latest.client_id,
        came_by=f"{came_by} {read}",
        elsewhere=elsewhere,
    )
    provisioning.note_sign_in_left(about, plan=invitation.plan, by=by, now=now)


def where_signed_in(signer: Mapping[str, Any]) -> str:
    """Name the tenant that somebody signed in to, as far as it was read."""
    tenant_id, name = str(signer.get("tenant_id", "")), str(signer.get("tenant_name", ""))
    domains = ", ".join(signer.get("domains", ())[:MOST_NAMED])
    told = f"{name} ({domains})" if domains else name
    return told if tenant_id in told else f"{told} {tenant_id}"
