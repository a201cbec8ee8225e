"""What somebody of a customer's tenant does: contacts, *Renew now*, *Disconnect*, taking it back. Inside its scope.

*Disconnect* is the provider's *Delete*, asked for by the customer: suspended at once, to be taken back for some days,
then removed. The provider's people are told by an alarm, and so by mail.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections.actions import hold_all
from gangway.connections.renewing import is_to_renew, paused_above
from gangway.invitations.actions import stop_reminders, tell_operator
from gangway.invitations.aims import Purpose
from gangway.invitations.errors import AlreadyInvited
from gangway.invitations.notices import News
from gangway.invitations.queries import invitation
from gangway.invitations.standing import open_for_connection
from gangway.invitations.states import State
from gangway.onboarding import disconnections
from gangway.onboarding.deletion import delete_service, keep_service
from gangway.onboarding.own_view.arriving import VisitorView
from gangway.onboarding.own_view.errors import (
    AnotherUnderWay,
    KeptTooOften,
    MayOnlyRead,
    NothingToRenew,
    NotTakenBackHere,
    PausedByProvider,
    SignInOnceMore,
)
from gangway.onboarding.renewal import reinitiate
from gangway.onboarding.shapes import Begun
from gangway.onboarding.stages.invitation import come_back, note_open, without_link
from gangway.organizations.changing import change_contacts as put_contacts
from gangway.organizations.details import Contact
from gangway.organizations.roles import Kind
from gangway.provisioning.remains import Remaining
from gangway.services.errors import ServiceMoved
from gangway.services.queries import service
from gangway.services.states import Lifecycle

LATELY: Final = timedelta(minutes=10)
"""So fresh must a sign-in be for contacts, *Disconnect* and removing."""
RENEWS: Final = News(
    "The customer renews it",
    "Nothing has to be done: the connection in use stays until the new credential is proved, and then it changes by "
    "itself.",
)


def is_fresh(visitor: VisitorView, *, now: datetime) -> bool:
    """Whether the visitor signed in lately enough for something weighty."""
    return visitor.signed_in_at is not None and now - visitor.signed_in_at <= LATELY


def change_contacts(
    visitor: VisitorView, *, organization_id: UUID, contacts: Sequence[Contact], by: Actor, now: datetime
) -> None:
    """Change who is told about an organization's services.

    Raises `MayOnlyRead`, `SignInOnceMore`, and what is wrong at "contacts".
    """
    _need_right(visitor)
    _need_proof(visitor, now=now)
    put_contacts(organization_id=organization_id, contacts=contacts, by=by)


@transaction.atomic
def disconnect(visitor: VisitorView, *, service_id: UUID, typed: str, by: Actor, now: datetime) -> None:
    """*Disconnect*: the service is suspended at once, and removed when its days are over.

    Raises `MayOnlyRead`, `SignInOnceMore`, `NameDiffers` at "typed", `ServiceMoved` when it ends already.
    """
    _need_right(visitor)
    _need_proof(visitor, now=now)
    hold_all(service_id)
    about = service(service_id)
    if about.lifecycle is not Lifecycle.CREATED:
        raise ServiceMoved
    delete_service(service_id=service_id, typed=typed, by=by, now=now)
    disconnections.note(service_id=service_id, organization_id=about.customer_id, upn=visitor.upn, now=now)
    _told(Event.SERVICE_DISCONNECTED, service_id, about.customer_id, by)


@transaction.atomic
def keep(visitor: VisitorView, *, service_id: UUID, by: Actor, now: datetime) -> None:
    """*Keep it connected*: take one's own organization's disconnecting back in time.

    Raises `MayOnlyRead`, `NotTakenBackHere` when the provider deletes it, or its days are over; `KeptTooOften`.
    """
    _need_right(visitor)
    hold_all(service_id)
    about = service(service_id)
    if disconnections.standing(service_id) is None:
        raise NotTakenBackHere
    if disconnections.is_kept_too_often(service_id, now=now):
        raise KeptTooOften
    disconnections.take_back(service_id, by_customer=True, now=now)
    try:
        keep_service(service_id=service_id, by=by, now=now)
    except ServiceMoved as error:
        raise NotTakenBackHere from error
    _told(Event.DISCONNECTION_TAKEN_BACK, service_id, about.customer_id, by)


@transaction.atomic
def renew(visitor: VisitorView, *, service_id: UUID, by: Actor, now: datetime) -> Begun:
    """*Renew now*: begin a renewal without any mail or link, or go on with the one that stands; gives its case.

    Who does the work signs in at Microsoft on the way, as in every renewal. Raises `MayOnlyRead`, `PausedByProvider`,
    `NothingToRenew`, `AnotherUnderWay`, `LinkClosed` for one that is frozen.
    """
    _need_right(visitor)
    hold_all(service_id)
    about = service(service_id)
    if paused_above(service_id):
        raise PausedByProvider
    if about.lifecycle is not Lifecycle.CREATED or not is_to_renew(service_id, now=now):
        raise NothingToRenew
    standing = open_for_connection(service_id)
    if standing is not None and not _may_be_gone_on_with(standing):
        raise AnotherUnderWay
    asked = standing or _ask(visitor, service_id=service_id, by=by, now=now)
    case, invitation = without_link(asked, now=now)
    note_open(asked, by=by)
    come_back(case, by=by, now=now)
    _told(Event.RENEWAL_BEGUN, service_id, about.customer_id, by, invitation=str(asked), anew=standing is None)
    return Begun(case.pk, invitation.sessions_from)


def _may_be_gone_on_with(invitation_id: UUID) -> bool:
    found = invitation(invitation_id)
    return found.purpose == Purpose.RENEW and found.state is not State.DRAFT


def _ask(visitor: VisitorView, *, service_id: UUID, by: Actor, now: datetime) -> UUID:
    """Issue the invitation to whoever is here, and tell the provider's people; nobody is reminded of it by mail."""
    try:
        asked = reinitiate(
            service_id=service_id,
            recipient=visitor.upn,
            knowingly=visitor.upn,
            mailed=False,
            level=Kind.CUSTOMER,
            by=by,
            now=now,
        )
    except AlreadyInvited as error:
        raise AnotherUnderWay from error
    stop_reminders(invitation_id=asked, by=by, now=now)
    tell_operator(invitation_id=asked, news=RENEWS, what=f"{visitor.upn} pressed Renew now in their own view.", by=by)
    return asked


def agreed(remaining: Sequence[tuple[UUID, Remaining]]) -> list[Mapping[str, Any]]:
    """Write down what somebody agrees to have removed, as it was shown to them."""
    return [
        {
            "customer": str(customer_id),
            "registration": str(one.registration_id),
            "name": one.name,
            "tenant_name": one.tenant_name,
            "things": [{"kind": each.kind.value, "name": each.name, "id": each.object_id} for each in one.things],
        }
        for customer_id, one in remaining
    ]


def mark_of(agreed: Sequence[Mapping[str, Any]]) -> str:
    """Return by what a page's list is known again: another mark means that something was added, or is gone."""
    return sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()


def _told(event: Event, service_id: UUID, organization_id: UUID, by: Actor, **more: str | bool) -> None:
    facts = {"upn": by.name, **more}
    record(event, by=by, organization_id=organization_id, subject=f"service:{service_id}", data=facts)


def _need_right(visitor: VisitorView) -> None:
    if not visitor.may_change:
        raise MayOnlyRead


def _need_proof(visitor: VisitorView, *, now: datetime) -> None:
    if not is_fresh(visitor, now=now):
        raise SignInOnceMore
