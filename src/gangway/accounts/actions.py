"""Inviting operators: issue, send again, withdraw, accept. A link comes by mail only, by a worker's hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from gangway.accounts.allowance import need_one_more, subject_of
from gangway.accounts.errors import (
    AlreadyInvited,
    AlreadyOperator,
    NoSuchOperatorInvitation,
    OperatorInvitationOver,
    SignInFirst,
)
from gangway.accounts.models import OperatorInvitation
from gangway.accounts.queries import open_invitation, still_offered, tenants_for
from gangway.accounts.states import InvitationState
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.names import greeted
from gangway.foundation.sealed import SealedText
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.organizations.actions import create_operator
from gangway.organizations.details import checked_address
from gangway.organizations.errors import NoSuchOperator, NoSuchRole, NotYoursToGive
from gangway.organizations.links import Entrance, hash_of, new_token, url_of
from gangway.organizations.people import create_person, give_role, take_factors_away
from gangway.organizations.people_queries import has_role, person_by_address, place_to_invite
from gangway.organizations.queries import Seat, provider_of
from gangway.organizations.roles import ROLE_TABLE, Role, gives
from gangway.organizations.scope import within


@transaction.atomic
def invite_operator(
    *, email: str, name: str, organization_id: UUID, role: Role, seat: Seat, by: Actor, now: datetime
) -> UUID:
    """Invite somebody to become an operator of an organization of the scope.

    Raises `InvalidAddress`, `AlreadyInvited`, `AlreadyOperator` and `EnoughInvitedToday` at "email", `NoSuchRole` and
    `NotYoursToGive` at "role", `NoSuchOrganization`.
    """
    where = place_to_invite(organization_id)
    if (where.kind, Role(role)) not in ROLE_TABLE:
        raise NoSuchRole(field="role")
    if Role(role) not in gives(seat.organization_kind, seat.role, at=where.kind):
        raise NotYoursToGive(field="role")
    address = checked_address(email, field="email")
    known = person_by_address(address)
    if known is not None and has_role(known, organization_id):
        raise AlreadyOperator(field="email")
    need_one_more(organization_id, seat=seat, now=now)
    token = new_token()
    row = OperatorInvitation(
        id=uuid4(),
        organization_id=organization_id,
        email=address,
        name=" ".join(name.split()),
        role=Role(role).value,
        state=InvitationState.PENDING.value,
        token_hash=hash_of(token),
        expires_at=_good_until(now),
        invited_by_name=seat.name,
        invited_by_id=seat.operator_id,
        created_at=now,
    )
    _forget_expired(row, now)
    _save(row)
    _mail(row, token, where.name, by)
    _told(Event.OPERATOR_INVITED, row, by)
    return row.id


@transaction.atomic
def invite_again(invitation_id: UUID, *, seat: Seat, by: Actor, now: datetime) -> None:
    """Mail a new link, good for the whole time again; the one before stops working. It is this person's offer now.

    Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`, `NotYoursToGive`, `EnoughInvitedToday`.
    """
    row = _locked(invitation_id, seat)
    need_one_more(row.organization_id, seat=seat, now=now)
    token = new_token()
    row.token_hash, row.expires_at, row.sent_count = hash_of(token), _good_until(now), row.sent_count + 1
    row.invited_by_name, row.invited_by_id = seat.name, seat.operator_id
    row.save(update_fields=["token_hash", "expires_at", "sent_count", "invited_by_name", "invited_by_id"])
    outbox.withdraw(subject_ref=subject_of(row.id), by=by)
    _mail(row, token, place_to_invite(row.organization_id).name, by)
    _told(Event.OPERATOR_INVITED_AGAIN, row, by)


@transaction.atomic
def revoke_operator_invitation(invitation_id: UUID, *, seat: Seat, by: Actor) -> None:
    """Withdraw an invitation: its link stops working at once.

    Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`, `NotYoursToGive`.
    """
    row = _locked(invitation_id, seat)
    row.state = InvitationState.REVOKED.value
    row.save(update_fields=["state"])
    outbox.withdraw(subject_ref=subject_of(row.id), by=by)
    _told(Event.OPERATOR_INVITATION_REVOKED, row, by)


@transaction.atomic
def reset_invited_factor(invitation_id: UUID, *, seat: Seat, by: Actor) -> None:
    """Take the second factors of an invited person's account away because they lost them: else they can't accept.

    Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`, `NotYoursToGive`, `NoSuchOperator`, `BelongsElsewhere`.
    """
    row = _locked(invitation_id, seat)
    person = person_by_address(row.email)
    if person is None:
        raise NoSuchOperator
    take_factors_away(person, organization_id=row.organization_id, by=by, seat=seat)


def accept_with_password(
    token: SealedText, *, name: str, password: SealedText, address: str, request_id: str, now: datetime
) -> UUID:
    """Make the invited person's account with a password of theirs and the role offered; returns who they are.

    Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`, `SignInFirst`, `WeakPassword` at "password".
    """
    about = open_invitation(token, now=now)
    with within(about.path), transaction.atomic():
        row = _taken(about.id, now)
        if person_by_address(row.email) is not None:
            raise SignInFirst
        by = Actor(kind="person", id="", name=name or row.email, address=address, request_id=request_id)
        person = create_operator(
            email=row.email,
            name=name or row.name,
            password=password,
            organization_id=row.organization_id,
            role=Role(row.role),
            by=by,
        )
        _told(Event.OPERATOR_INVITATION_ACCEPTED, row, by)
        return person


def accept_as(token: SealedText, *, operator_id: UUID, by: Actor, now: datetime) -> UUID:
    """Give a person who has an account, and is signed in with it, the role offered; returns the organization.

    Raises `NoSuchOperatorInvitation`, `OperatorInvitationOver`, `SignInFirst` for any other person, `RoleTaken`.
    """
    about = open_invitation(token, now=now)
    with within(about.path), transaction.atomic():
        row = _taken(about.id, now)
        if person_by_address(row.email) != operator_id:
            raise SignInFirst
        give_role(operator_id=operator_id, organization_id=row.organization_id, role=Role(row.role), by=by)
        _told(Event.OPERATOR_INVITATION_ACCEPTED, row, by)
        return row.organization_id


def accept_by_microsoft(invitation_id: UUID, *, path: str, by: Actor, now: datetime) -> UUID:
    """Make the invited person's account without a password, for somebody whose Microsoft account was just checked.

    `path` is the invitation's scope. Raises `OperatorInvitationOver`, `SignInFirst`.
    """
    with within(path), transaction.atomic():
        row = _taken(invitation_id, now)
        if person_by_address(row.email) is not None:
            raise SignInFirst
        person = create_person(email=row.email, name=row.name)
        give_role(operator_id=person, organization_id=row.organization_id, role=Role(row.role), by=by)
        _told(Event.OPERATOR_INVITATION_ACCEPTED, row, by)
        return person


def _good_until(now: datetime) -> datetime:
    return now + timedelta(days=settings.GANGWAY.invitation_days)


def _save(row: OperatorInvitation) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "accounts_one_pending_invitation" not in str(error):
            raise
        raise AlreadyInvited(field="email") from error


def _forget_expired(row: OperatorInvitation, now: datetime) -> None:
    """Close an older invitation of this person that ran out, so that a new one can be made."""
    old = OperatorInvitation.objects.filter(organization_id=row.organization_id, email=row.email, expires_at__lte=now)
    old.filter(state=InvitationState.PENDING.value).update(state=InvitationState.EXPIRED.value)


def _locked(invitation_id: UUID, seat: Seat) -> OperatorInvitation:
    row = OperatorInvitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None:
        raise NoSuchOperatorInvitation
    if row.state != InvitationState.PENDING.value:
        raise OperatorInvitationOver
    kind = place_to_invite(row.organization_id).kind
    if Role(row.role) not in gives(seat.organization_kind, seat.role, at=kind):
        raise NotYoursToGive
    return row


def _taken(invitation_id: UUID, now: datetime) -> OperatorInvitation:
    """Take the invitation by compare and set: of two who open the same link, one comes in."""
    rows = OperatorInvitation.objects.filter(pk=invitation_id, state=InvitationState.PENDING.value, expires_at__gt=now)
    if not rows.update(state=InvitationState.ACCEPTED.value):
        raise OperatorInvitationOver
    row = OperatorInvitation.objects.select_related("organization").get(pk=invitation_id)
    if not still_offered(row):
        raise OperatorInvitationOver
    return row


def _mail(row: OperatorInvitation, token: SealedText, organization_name: str, by: Actor) -> None:
    outbox.put(
        kind=MessageKind.OPERATOR_INVITATION,
        to=row.email,
        language="en",
        context={
            "name": greeted(row.name) or row.email,
            "inviter": greeted(row.invited_by_name),
            "organization": organization_name,
            "provider": provider_of(row.organization_id).name,
            "role": row.role.replace("_", " "),
            "expires": _in_words(row.expires_at),
            "way": _way(row),
        },
        link=url_of(token, entrance=Entrance.JOINING, organization_id=row.organization_id),
        subject_ref=subject_of(row.id),
        organization_id=row.organization_id,
        by=by,
        give_up_at=row.expires_at,
    )


def _way(row: OperatorInvitation) -> str:
    """Return how the person comes in, as the page behind the link offers it."""
    if person_by_address(row.email) is not None:
        return "account"
    return "microsoft" if settings.GANGWAY.people_client_id and tenants_for(row.organization_id) else "password"


def _in_words(moment: datetime) -> str:
    there = moment.astimezone(UTC)
    return f"{there:%A}, {there.day} {there:%B %Y, %H:%M} (UTC)"


def _told(event: Event, row: OperatorInvitation, by: Actor) -> None:
    facts = {"email": row.email, "name": row.name, "role": row.role}
    record(event, by=by, organization_id=row.organization_id, subject=subject_of(row.id), data=facts)
