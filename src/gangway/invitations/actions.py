"""What people do with invitations: issue, send again, copy a link, withdraw; and what the wizard tells of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.sealed import SealedText
from gangway.invitations import letters, links
from gangway.invitations.errors import AlreadyInvited, InvitationOver, NoSuchInvitation
from gangway.invitations.handoffs import check_colleague, hand_off, note_opened, remind_handoff, revoke_handoff
from gangway.invitations.models import ONE_PENDING, Handoff, Invitation, Link, Purpose
from gangway.invitations.moves import move, write_history
from gangway.invitations.phrases import new_phrase
from gangway.invitations.rest import Rest
from gangway.invitations.states import CONSUMED, ENDED, EXPIRABLE, State
from gangway.notifications import outbox
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import service

__all__ = [
    "Issued",
    "Rest",
    "check_colleague",
    "copy_link",
    "expire",
    "hand_off",
    "issue_invitation",
    "keep_open",
    "move",
    "note_opened",
    "record_administrator",
    "remind_again",
    "remind_handoff",
    "resend",
    "revoke",
    "revoke_handoff",
]


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh invitation. Its link exists only sealed in the outbox."""

    invitation_id: UUID


@transaction.atomic
def issue_invitation(
    *, service_id: UUID, recipient: str, plan: dict[str, Any], plan_fingerprint: str, by: Actor, now: datetime
) -> Issued:
    """Invite an administrator to connect a service of the scope; the mail goes out by the outbox.

    The plan is pinned as given. Raises `InvalidRecipient` at "recipient", `NoSuchService`, `AlreadyInvited`.
    """
    about = service(service_id)
    invitation = Invitation(
        organization_id=about.customer_id,
        service_id=about.id,
        purpose=Purpose.CONNECT,
        recipient=outbox.check_address(recipient, field="recipient"),
        state=State.QUEUED.value,
        plan=plan,
        plan_fingerprint=plan_fingerprint,
        matching_phrase=new_phrase(),
        created_by_kind=by.kind,
        created_by_id=by.id,
        created_by_name=by.name[:200],
        created_at=now,
        expires_at=now + timedelta(days=settings.GANGWAY.invitation_days),
    )
    _save_only_one(invitation)
    write_history(invitation, by=by, at=now)
    letters.mail_link(invitation, _mint(invitation, Link.Kind.MAILED, now=now), by=by)
    facts = {"recipient": invitation.recipient, "plan": plan_fingerprint, "service": str(about.id)}
    _record(Event.INVITATION_ISSUED, invitation, by, facts)
    return Issued(invitation_id=invitation.id)


def _save_only_one(invitation: Invitation) -> None:
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError as error:
        if ONE_PENDING not in str(error):
            raise
        raise AlreadyInvited from error


def _mint(invitation: Invitation, kind: Link.Kind, *, now: datetime) -> SealedText:
    token = links.new_token()
    Link(
        organization_id=invitation.organization_id,
        invitation=invitation,
        token_hash=links.hash_of(token),
        kind=kind,
        created_at=now,
    ).save()
    return token


@transaction.atomic
def copy_link(*, invitation_id: UUID, by: Actor, now: datetime) -> SealedText:
    """Make another link and return its token, to be shown once (`links.url_of` makes the address of it).

    Links that are out keep working; all share one expiry. Raises `NoSuchInvitation`, `InvitationOver`.
    """
    invitation = _open(invitation_id, now=now)
    token = _mint(invitation, Link.Kind.COPIED, now=now)
    write_history(invitation, by=by, at=now, note="Link copied")
    _record(Event.LINK_COPIED, invitation, by, {})
    return token


@transaction.atomic
def resend(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Send another mail with another link; earlier ones keep working and the expiry stays.

    Raises `NoSuchInvitation`, `InvitationOver`.
    """
    invitation = _open(invitation_id, now=now)
    letters.mail_link(invitation, _mint(invitation, Link.Kind.MAILED, now=now), by=by)
    write_history(invitation, by=by, at=now, note="Sent again")
    _record(Event.INVITATION_RESENT, invitation, by, {"recipient": invitation.recipient})


@transaction.atomic
def revoke(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Withdraw an invitation: all its links die, an unsent mail stays unsent, a merely planned service is given up.

    Raises `NoSuchInvitation`; `InvitationMoved` when it has ended already.
    """
    move(invitation_id=invitation_id, to=State.REVOKED, by=by)
    invitation = Invitation.objects.get(pk=invitation_id)
    Link.objects.filter(invitation=invitation, revoked_at__isnull=True).update(revoked_at=now)
    _let_go(invitation, by=by)
    _record(Event.INVITATION_REVOKED, invitation, by, {})


@transaction.atomic
def expire(*, invitation_id: UUID, by: Actor, now: datetime) -> bool:
    """End an invitation whose time is over; False when it moved on, or was given more time, in the meantime."""
    rows = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id, expires_at__lte=now)
    invitation = rows.filter(state__in=[state.value for state in EXPIRABLE]).first()
    if invitation is None or invitation.lasts_until > now:
        return False
    move(invitation_id=invitation_id, to=State.EXPIRED, by=by)
    _let_go(invitation, by=by)
    return True


def _let_go(invitation: Invitation, *, by: Actor) -> None:
    """Stop its unsent mails and free the name of a service that was never created."""
    outbox.withdraw(subject_ref=letters.subject_of(invitation.id), by=by)
    for handoff_id in Handoff.objects.filter(invitation_id=invitation.id).values_list("pk", flat=True):
        outbox.withdraw(subject_ref=letters.subject_of_handoff(handoff_id), by=by)
    try:
        with transaction.atomic():
            services.abandon_service(service_id=invitation.service_id, by=by)
    except ServiceMoved:
        # Created, or given up before: both are the service's own business.
        return


@transaction.atomic
def keep_open(*, invitation_id: UUID, until: datetime) -> None:
    """Another administrator must finish: the invitation lasts until then, whatever its links' life; never shorter."""
    invitation = _locked(invitation_id)
    if invitation.waits_until is None or invitation.waits_until < until:
        invitation.waits_until = until
        invitation.save(update_fields=["waits_until"])


@transaction.atomic
def remind_again(*, invitation_id: UUID, rest: Rest, by: Actor, now: datetime) -> None:
    """Remind everybody who has a link for what remains; without anybody named, the one who was invited.

    Raises `NoSuchInvitation`.
    """
    invitation = _locked(invitation_id)
    living = Handoff.objects.filter(invitation_id=invitation_id, revoked_at__isnull=True).order_by("created_at")
    for handoff_id in list(living.values_list("pk", flat=True)):
        remind_handoff(handoff_id=handoff_id, rest=rest, by=by, now=now)
    if not living:
        letters.mail_rest(
            invitation,
            rest,
            _mint(invitation, Link.Kind.MAILED, now=now),
            to=invitation.recipient,
            asked_by=invitation.created_by_name,
            until=invitation.lasts_until,
            subject_ref=letters.subject_of(invitation.id),
            by=by,
            again=True,
        )


@transaction.atomic
def record_administrator(*, invitation_id: UUID, upn: str, by: Actor | None = None) -> None:
    """Keep the sign-in name of the administrator who is to sign in; nothing happens when it is the known one."""
    invitation = _locked(invitation_id)
    if invitation.administrator_upn == upn:
        return
    invitation.administrator_upn = upn
    invitation.save(update_fields=["administrator_upn"])
    who = by or Actor(kind="administrator", id="", name=upn)
    _record(Event.INVITATION_ADMINISTRATOR_NAMED, invitation, who, {"administrator": upn})


def _locked(invitation_id: UUID) -> Invitation:
    invitation = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if invitation is None:
        raise NoSuchInvitation
    return invitation


def _open(invitation_id: UUID, *, now: datetime) -> Invitation:
    """Return an invitation for which links still make sense, locked so that it can't end meanwhile."""
    invitation = _locked(invitation_id)
    if State(invitation.state) in ENDED | CONSUMED or invitation.lasts_until <= now:
        raise InvitationOver(state=invitation.state)
    return invitation


def _record(event: Event, invitation: Invitation, by: Actor, data: dict[str, str]) -> None:
    record(
        event, by=by, organization_id=invitation.organization_id, subject=letters.subject_of(invitation.id), data=data
    )
