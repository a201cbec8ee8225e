"""A registration that is there already, as its pages show it to whoever types it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gangway.federation.queries import issuer
from gangway.invitations import queries as invited
from gangway.invitations.aims import ENDS_BY_ITSELF, Purpose
from gangway.invitations.states import ENDED, State
from gangway.onboarding import problems
from gangway.onboarding.errors import NotNow
from gangway.onboarding.models import Case, ExistingRegistration, OperatorOnboarding
from gangway.onboarding.shapes import CheckItemView, ExistingView
from gangway.onboarding.states import CaseState
from gangway.organizations import queries as organizations
from gangway.provisioning import queries as provisioning
from gangway.provisioning.by_hand import ByHand, Certificate, Trust, by_hand
from gangway.services.queries import service

WITHOUT_ADDING: Final = ENDED - {State.ADDED}


@dataclass(frozen=True, slots=True)
class KnownView:
    """The same for the operator who types it: whose service, and where the onboarding goes on once it is proved."""

    existing: ExistingView
    invitation_id: UUID
    customer_id: UUID
    customer_name: str
    service_short_name: str
    onboarding_id: UUID | None
    renewed: UUID | None = None
    """The service that signs in with it by now, when it was typed for one that was there."""
    beside: str = ""
    """What it is for, when it is beside the connection of a service."""


def existing_of(case: Case) -> ExistingView | None:
    """Return what was typed for a case, None when nobody types there; within its scope."""
    row = ExistingRegistration.objects.filter(case_id=case.pk).first()
    if row is None or case.run_id is not None:
        return None
    return ExistingView(
        case_id=case.pk,
        state=CaseState(case.state),
        tenant=row.tenant,
        client_id=row.client_id,
        kind=row.kind,
        kinds=("secret", "certificate", *(["federated"] if issuer() else [])),
        has_secret=row.sealed_id is not None,
        ends_on=row.ends_on,
        about=row.about,
        certificate_der=row.certificate_der,
        key_ends_at=row.key_ends_at,
        faults=row.faults,
        items=tuple(CheckItemView(**item) for item in row.items),
        checked_at=row.checked_at,
        problem=problems.shown(case.problem, reference=str(case.pk)),
        by_operator=is_typed_at_desk(row, case.invitation_id),
    )


def is_typed_at_desk(row: ExistingRegistration, invitation_id: UUID) -> bool:
    """Whether an operator types it, and nobody was sent a link to go on with it themselves."""
    return bool(row.typed_by_id) and not invited.links_of(invitation_id)


def typed_at_desk(drafts: Collection[UUID]) -> frozenset[UUID]:
    """Return those of several drafts, which no link was sent for, whose registration an operator types."""
    if not drafts:
        return frozenset()
    rows = ExistingRegistration.objects.filter(case__invitation_id__in=drafts).exclude(typed_by_id="")
    return frozenset(rows.values_list("case__invitation_id", flat=True))


def known(invitation_id: UUID) -> KnownView:
    """Return what an operator types; within their scope.

    Raises `NoSuchInvitation`; `NotNow` when no operator does, or none may any more.
    """
    about = invited.invitation(invitation_id)
    case = Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True).first()
    found = existing_of(case) if case is not None else None
    if case is None or found is None or not found.by_operator or about.state in WITHOUT_ADDING:
        raise NotNow
    begun = OperatorOnboarding.objects.filter(invitation_id=invitation_id).values_list("pk", flat=True).first()
    return KnownView(
        existing=found,
        invitation_id=about.id,
        customer_id=about.organization_id,
        customer_name=about.customer_name,
        service_short_name=about.service_short_name,
        onboarding_id=begun,
        renewed=about.service_id if about.purpose in ENDS_BY_ITSELF and about.state is State.ADDED else None,
        beside=provisioning.explain(about.plan).title if about.purpose == Purpose.BESIDE else "",
    )


def by_hand_of(invitation_id: UUID) -> ByHand:
    """Return an invitation's plan as a script and as steps to click, with what is known to sign in with.

    Within its scope. Raises `NoSuchInvitation`, `PlanUnknown`.
    """
    about = invited.invitation(invitation_id)
    case = Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True).first()
    found = existing_of(case) if case is not None else None
    certificate, trust = None, None
    if found is not None and found.kind == "certificate" and found.certificate_der:
        certificate = Certificate(found.about["name"], found.certificate_der)
    if found is not None and found.kind == "federated" and found.about:
        trust = Trust(found.about["issuer"], found.about["subject"], found.about["audience"])
    return by_hand(
        about.plan,
        registration_id=about.registration_id,
        display_name=service(about.service_id).short_name,
        cloud=organizations.customer(about.organization_id).cloud,
        provider=about.provider_name,
        customer=about.customer_name,
        certificate=certificate,
        trust=trust,
    )


def end_is_unknown(case: Case) -> UUID | None:
    """Return the credential of a case that is done whose end nobody could read or typed; None when it is known."""
    if case.state != CaseState.DONE or case.registration_id is None or existing_of(case) is None:
        return None
    about = provisioning.registration(case.registration_id)
    own = (one for one in about.credentials if one.service_id == case.service_id)
    return next((one.id for one in own if one.kind == "secret" and one.expires_at is None), None)
