"""What people do with a registration that is there already, whether they type it behind a link or at the desk.

The wizard's actions enter the case's scope by themselves; the operator's are called inside the operator's scope.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.clock import earliest_today
from gangway.foundation.sealed import SealedText
from gangway.invitations.actions import issue_invitation
from gangway.invitations.aims import Aim
from gangway.invitations.queries import invitation as invitation_of
from gangway.invitations.queries import state_of
from gangway.invitations.states import State
from gangway.onboarding.errors import NotNow
from gangway.onboarding.existing_errors import EndHasPassed, ExistingError
from gangway.onboarding.existing_view import end_is_unknown, is_typed_at_desk
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.rows import lock_case, scope_of_case
from gangway.onboarding.stages import existing as stage
from gangway.onboarding.stages import invitation
from gangway.onboarding.states import CaseState
from gangway.onboarding.typed import Typed, looked_at
from gangway.organizations import queries as organizations
from gangway.provisioning import actions as provisioning
from gangway.provisioning import given
from gangway.vault.actions import put, seal_apart

# The administrator's side


def choose_existing(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Use App Registration*. Raises `LinkClosed`; `NotNow` once something is being made."""
    with scope_of_case(case_id), transaction.atomic():
        stage.choose(invitation.open_case(case_id, now=now), by=by, now=now)


def choose_kind(*, case_id: UUID, kind: str, draft: Typed, by: Actor, now: datetime) -> None:
    """Sign in by another kind of credential; what was typed is kept. Raises `NotNow`, `NoFederation`, `LinkClosed`."""
    with scope_of_case(case_id), transaction.atomic():
        stage.choose_kind(invitation.open_case(case_id, now=now), kind=kind, draft=draft, by=by)


def start_existing(*, case_id: UUID, typed: Typed, by: Actor, now: datetime) -> None:
    """*Start authentication*. Raises `NotAsTyped` (what was typed is kept all the same), `NotNow`, `LinkClosed`."""
    with scope_of_case(case_id):
        _start(_by_link, case_id, typed, by=by, now=now)


def tell_end(*, case_id: UUID, ends_on: date, by: Actor, now: datetime) -> None:
    """Keep on which day the secret ends, where it could not be read. Raises `EndHasPassed` at "ends_on", `NotNow`."""
    if ends_on <= earliest_today(now):
        raise EndHasPassed(field="ends_on")
    with scope_of_case(case_id), transaction.atomic():
        credential_id = end_is_unknown(lock_case(case_id))
        if credential_id is None:
            raise NotNow
        provisioning.type_end(credential_id=credential_id, ends_on=ends_on, by=by, now=now)


# The operator's side


@dataclass(frozen=True, slots=True)
class Aside:
    """A secret that an operator typed, sealed for the credential that it will be; nothing of it is written down yet."""

    credential_id: UUID
    sealed: str


def set_aside(customer_id: UUID, secret: SealedText) -> Aside:
    """Seal a typed secret before anything is planned, so that nobody has to type it again."""
    credential_id = uuid4()
    text = SealedText(secret.reveal().strip())
    return Aside(credential_id, seal_apart(place=given.place_of(customer_id, credential_id), text=text))


def faults_of(customer_id: UUID, typed: Typed, *, has_secret: bool = False, now: datetime) -> tuple[ExistingError, ...]:
    """Say what can't be right of what an operator types for a customer of the scope. Raises `NoSuchOrganization`.

    `has_secret`: one was set aside.
    """
    return looked_at(typed, stage.around(customer_id, has_secret=has_secret, now=now))[1]


@transaction.atomic
def begin_known(
    *,
    service_id: UUID,
    plan: dict[str, Any],
    plan_fingerprint: str,
    aim: Aim | None = None,
    finish_by_itself: bool = False,
    aside: Aside | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """*Use known App registration*: the operator types it, nobody gets a mail. Gives the invitation's id.

    It stands among the pending invitations as a draft, and can be sent to the customer later. `aim`: when it is for a
    service that is there. `finish_by_itself`: create the service once the checks pass. `aside`: the secret, when it was
    typed before. Raises `NoSuchService`, `AlreadyInvited`.
    """
    operator = organizations.operator(UUID(by.id))
    issued = issue_invitation(
        service_id=service_id,
        recipient=operator.email if operator else "",
        plan=plan,
        plan_fingerprint=plan_fingerprint,
        by=by,
        now=now,
        draft=True,
        aim=aim,
        finish_by_itself=finish_by_itself,
    )
    about = invitation_of(issued.invitation_id)
    case = Case.objects.create(
        organization_id=about.organization_id,
        invitation_id=about.id,
        service_id=about.service_id,
        provider_id=about.provider_id,
        state=CaseState.TYPING.value,
        created_at=now,
        touched_at=now,
    )
    record(Event.CASE_TYPING, by=by, organization_id=about.organization_id, subject=f"case:{case.pk}")
    ExistingRegistration.objects.create(
        organization_id=about.organization_id,
        case=case,
        typed_by_id=by.id,
        typed_by_name=by.name[:200],
        user_name=operator.email if operator else by.name[:320],
        **_kept(about.organization_id, aside),
    )
    return about.id


def _kept(organization_id: UUID, aside: Aside | None) -> dict[str, UUID]:
    if aside is None:
        return {}
    place = given.place_of(organization_id, aside.credential_id)
    return {"credential_id": aside.credential_id, "sealed_id": put(place=place, sealed=aside.sealed)}


@transaction.atomic
def choose_kind_known(*, invitation_id: UUID, kind: str, draft: Typed, by: Actor, now: datetime) -> None:
    """The same at the desk. Raises `NotNow`, `NoFederation`."""
    stage.choose_kind(_known(_case_id(invitation_id), by=by, now=now), kind=kind, draft=draft, by=by)


def start_known(*, invitation_id: UUID, typed: Typed, by: Actor, now: datetime) -> None:
    """*Next*: have a worker validate what the operator typed. Raises `NotAsTyped`, `NotNow`."""
    _start(partial(_known, by=by), _case_id(invitation_id), typed, by=by, now=now)


def _start(opened: Any, case_id: UUID, typed: Typed, *, by: Actor, now: datetime) -> None:
    """Keep what was typed even where something of it can't be right: then the error comes after the transaction."""
    with transaction.atomic():
        fault = stage.start(opened(case_id, now=now), typed, by=by, now=now)
    if fault is not None:
        raise fault


def _by_link(case_id: UUID, *, now: datetime) -> Case:
    """The locked case of somebody behind a link, who answers for what they start, whoever typed it first."""
    case = invitation.open_case(case_id, now=now)
    ExistingRegistration.objects.filter(case=case).update(typed_by_id="", typed_by_name="", user_name="")
    return case


def _case_id(invitation_id: UUID) -> UUID:
    found = Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True).values_list("pk", flat=True).first()
    if found is None:
        raise NotNow
    return found


def _known(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """The locked case of an operator's own typing, which goes on however long it rested.

    Raises `NotNow` for an administrator's, for one that a link has left for, and for one whose invitation is over.
    """
    case = lock_case(case_id)
    row = ExistingRegistration.objects.filter(case=case).first()
    if row is None or not is_typed_at_desk(row, case.invitation_id):
        raise NotNow
    if case.state == CaseState.ABANDONED and state_of(case.invitation_id) is State.DRAFT:
        stage.take_up(case, by=by, now=now)
    return case
