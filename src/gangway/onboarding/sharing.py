"""A further service of a customer uses a registration that is there: it gets its own credential, nobody copies any.

By the registration's own right where it has it: a worker makes and proves the credential, and the operator goes on with
*Next*. Else the customer's administrator is invited, and signs in once for it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.aims import Aim
from gangway.invitations.states import ENDED, State
from gangway.onboarding import operator
from gangway.onboarding.askers import may_still_add
from gangway.onboarding.errors import NotShared
from gangway.onboarding.expected import need_expected
from gangway.onboarding.models import Case, OperatorOnboarding
from gangway.onboarding.rows import lock_case, lock_onboarding, move_case
from gangway.onboarding.stages import sign_in
from gangway.onboarding.stages.verification import MEANING, problem_of
from gangway.onboarding.states import CaseState
from gangway.organizations import queries as organizations
from gangway.organizations.scope import within_everything
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as made
from gangway.provisioning.states import RunState
from gangway.provisioning.usage import SharedRegistration, shared_by
from gangway.services.queries import service

MINTED: Final = "onboarding:credential_made"
WORKER: Final = Actor.system("onboarding")
NOT_MADE: Final = invitations.News(
    "The registration could not make a credential for a further service",
    "Send the invitation to the customer's administrator: it is written down as a draft.",
)


@dataclass(frozen=True, slots=True)
class Begun:
    """`run_id`: None when nothing has to be made, or somebody has to sign in for it."""

    invitation_id: UUID
    run_id: UUID | None
    is_mailed: bool


@transaction.atomic
def share(
    *, service_id: UUID, registration_id: UUID, recipient: str, knowingly: str = "", by: Actor, now: datetime
) -> Begun:
    """Let a planned service use a registration of the same customer.

    `recipient`: the administrator who is invited where the registration can't do it by itself. `knowingly`: the address
    that was answered for, where it is at a domain that nobody knows of the customer. Raises `NotShared` for a
    registration of somebody else, `AddressUnexpected`, and what `issue_invitation` raises.
    """
    about = service(service_id)
    need_expected(recipient, customer_id=about.customer_id, knowingly=knowingly)
    chosen = next((one for one in shared_by(about.customer_id) if one.id == registration_id), None)
    if chosen is None:
        raise NotShared(field="registration")
    person = organizations.operator(UUID(by.id)) if by.kind == "person" else None
    plan, fingerprint = made.for_further(made.plan_of(registration_id))
    issued = invitations.issue_invitation(
        service_id=service_id,
        recipient=recipient or (person.email if person and chosen.by_itself else ""),
        plan=plan,
        plan_fingerprint=fingerprint,
        aim=Aim(registration_id=registration_id),
        draft=chosen.by_itself,
        by=by,
        now=now,
    )
    run_id = _mint(issued.invitation_id, chosen, by=by, now=now) if chosen.by_itself else None
    return Begun(issued.invitation_id, run_id, is_mailed=not chosen.by_itself)


def _mint(invitation_id: UUID, chosen: SharedRegistration, *, by: Actor, now: datetime) -> UUID | None:
    about = invited.invitation(invitation_id)
    run_id = provisioning.start_credential(
        registration_id=chosen.id, service_id=about.service_id, on_end=MINTED, by=by, now=now
    )
    case = Case.objects.create(
        organization_id=about.organization_id,
        invitation_id=about.id,
        service_id=about.service_id,
        provider_id=about.provider_id,
        state=(CaseState.PROVISIONING if run_id else CaseState.PROVING).value,
        run_id=run_id,
        registration_id=chosen.id,
        registration_name=chosen.name,
        created_at=now,
        touched_at=now,
    )
    facts = {"registration": str(chosen.id), "run": str(run_id or "")}
    record(
        Event.REGISTRATION_SHARED,
        by=by,
        organization_id=about.organization_id,
        subject=f"service:{about.service_id}",
        data=facts,
    )
    if run_id is None:
        _done(case, now=now)
    return run_id


def minted(run_id: UUID, *, now: datetime) -> None:
    """The run that makes a credential ended: go on with the operator's part, or leave a draft for the customer."""
    with within_everything("a worker is given a run by its id"), transaction.atomic():
        found = Case.objects.filter(run_id=run_id, handoff__isnull=True).values_list("pk", flat=True).first()
        run = made.run(run_id)
        if found is None or run.state not in MEANING:
            return
        case = lock_case(found)
        if case.state != CaseState.PROVISIONING or invited.invitation(case.invitation_id).state in ENDED:
            return
        if run.state is RunState.PROVED:
            _done(case, now=now)
            return
        problem = problem_of(run, now=now)
        move_case(case, CaseState.FAILED, by=WORKER, now=now, problem=problem, run_id=None)
        invitations.tell_operator(invitation_id=case.invitation_id, news=NOT_MADE, what=problem["what"], by=WORKER)


def onboarding_of_run(run_id: UUID) -> UUID | None:
    """The operator's part that goes on once this run's credential is proved; None before. Inside a scope."""
    rows = OperatorOnboarding.objects.filter(case__run_id=run_id)
    return rows.values_list("pk", flat=True).first()


def _done(case: Case, *, now: datetime) -> None:
    invitation = invited.invitation(case.invitation_id)
    by = Actor(kind="person", id=invitation.created_by_id, name=invitation.created_by_name)
    move_case(case, CaseState.DONE, by=WORKER, now=now)
    for to in (State.SIGNED_IN, State.AUTHENTICATED):
        sign_in.invitation_on(case, to, by=WORKER)
    if not may_still_add(invitation):  # it is ready to add, for whoever is there now
        return
    onboarding_id = operator.take_over(case.invitation_id, by=by, now=now)
    operator.ask_validation(lock_onboarding(onboarding_id), by=by, now=now)
