"""What people do with invitations: issue, send again, copy a link, withdraw; and what the wizard tells of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.invitations import letters
from gangway.invitations.aims import Aim
from gangway.invitations.errors import AlreadyInvited, CopyingForbidden, TooFarAhead
from gangway.invitations.handoffs import check_colleague, hand_off, note_opened, remind_handoff, revoke_handoff
from gangway.invitations.minting import check_count, mint
from gangway.invitations.models import ONE_PENDING, Handoff, Invitation, Link
from gangway.invitations.moves import move, write_history
from gangway.invitations.notices import News
from gangway.invitations.phrases import new_phrase
from gangway.invitations.relinking import edit, extend, readdress, replace_links, resend, send_draft, stop_finishing
from gangway.invitations.reporting import ask_for_link, report, tell_declined, tell_operator, unfreeze
from gangway.invitations.rest import Rest
from gangway.invitations.rows import hold, locked, open_for, record_about
from gangway.invitations.states import EXPIRABLE, Doing, State
from gangway.invitations.terms import LONGEST_LIFE, set_terms, terms_of
from gangway.invitations.waiting_for import await_approval, passed_before, remind, stop_reminders, wait_for_day
from gangway.languages.choice import known
from gangway.notifications import outbox
from gangway.organizations.details import LONGEST_PHONE, text
from gangway.organizations.languages import language_of
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import service

__all__ = [
    "Issued",
    "News",
    "Rest",
    "ask_again",
    "ask_for_link",
    "await_approval",
    "check_colleague",
    "copy_link",
    "edit",
    "expire",
    "extend",
    "hand_off",
    "hold",
    "issue_invitation",
    "keep_open",
    "move",
    "note_opened",
    "on_revoke",
    "readdress",
    "record_administrator",
    "remind",
    "remind_again",
    "remind_handoff",
    "replace_links",
    "report",
    "resend",
    "revoke",
    "revoke_handoff",
    "send_draft",
    "set_terms",
    "stop_finishing",
    "stop_reminders",
    "tell_declined",
    "tell_operator",
    "unfreeze",
    "wait_for_day",
]

Stop = Callable[[UUID, Actor, datetime], None]
"""(invitation, by, now), called within the transaction that withdraws it."""

STOPPING: Final[list[Stop]] = []


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh invitation. Its link exists only sealed in the outbox."""

    invitation_id: UUID


@transaction.atomic
def issue_invitation(
    *,
    service_id: UUID,
    recipient: str,
    plan: dict[str, Any],
    plan_fingerprint: str,
    by: Actor,
    now: datetime,
    phone: str = "",
    language: str = "",
    days: int | None = None,
    finish_by_itself: bool = False,
    draft: bool = False,
    aim: Aim | None = None,
    mailed: bool = True,
) -> Issued:
    """Invite an administrator to connect a service of the scope; the mail goes out by the outbox.

    The plan is pinned as given. Without a `language`, it is the customer's. `finish_by_itself`: create the service
    once the checks pass. A `draft` is written down and not sent; without `mailed` no mail goes out, as somebody has the
    wizard open already. `aim`: what else than connecting a new service it is for. `days`: how long it lasts, from when
    it is sent; without them, as long as the provider's terms say. Raises `InvalidRecipient` at "recipient",
    `InvalidField` at "phone", `TooFarAhead` at "days", `NoSuchService`, `AlreadyInvited`, `TooManyLinks`.
    """
    about, aim = service(service_id), aim or Aim()
    address = outbox.check_address(recipient, field="recipient")
    if days is not None and not 1 <= days <= LONGEST_LIFE:
        raise TooFarAhead(field="days")
    life = days or terms_of(about.customer_id).life_days
    ready, ends = State.QUEUED if mailed else State.SENT, now + timedelta(days=life)
    invitation = Invitation(
        organization_id=about.customer_id,
        service_id=about.id,
        purpose=aim.purpose,
        registration_id=aim.registration_id,
        wanted=aim.wanted,
        changes=list(aim.changes),
        recipient_phone=text(phone, field="phone", longest=LONGEST_PHONE),
        language=known(language) if language else language_of(about.customer_id),
        finish_by_itself=finish_by_itself,
        state=(State.DRAFT if draft else ready).value,
        plan=plan,
        plan_fingerprint=plan_fingerprint,
        matching_phrase=new_phrase(),
        created_by_id=by.id,
        created_by_name=by.name[:200],
        created_at=now,
        expires_at=ends,
        life_days=days,
        reminders_sent=passed_before(ends, now),
    )
    invitation.send_to(address)
    if mailed and not draft:
        check_count(invitation, by=by, now=now)
    _save_only_one(invitation)
    write_history(invitation, by=by, at=now)
    if mailed and not draft:
        letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    facts: dict[str, str | bool] = {
        "recipient": invitation.recipient,
        "plan": plan_fingerprint,
        "service": str(about.id),
        "draft": draft,
    }
    record_about(invitation, Event.INVITATION_ISSUED, by=by, data=facts)
    return Issued(invitation_id=invitation.id)


def _save_only_one(invitation: Invitation) -> None:
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError as error:
        if ONE_PENDING not in str(error):
            raise
        raise AlreadyInvited from error


@transaction.atomic
def copy_link(*, invitation_id: UUID, by: Actor, now: datetime) -> SealedText:
    """Make another link and return its token, to be shown once (`links.url_of` makes the address of it).

    Links that are out keep working; all share one expiry. Raises `NoSuchInvitation`, `InvitationFrozen`,
    `InvitationOver`, `CopyingForbidden`, `TooManyLinks`.
    """
    invitation = open_for(Doing.COPY, invitation_id, now=now)
    if not terms_of(invitation.organization_id).may_copy:
        raise CopyingForbidden
    check_count(invitation, by=by, now=now)
    token = mint(invitation, Link.Kind.COPIED, by=by, now=now)
    write_history(invitation, by=by, at=now, note="Link copied")
    record_about(invitation, Event.LINK_COPIED, by=by)
    return token


@transaction.atomic
def revoke(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Withdraw an invitation: all its links die, an unsent mail stays unsent, a merely planned service is given up.

    What was begun for it elsewhere is stopped in the same transaction (`on_revoke`), whoever calls this. Raises
    `NoSuchInvitation`; `InvitationMoved` when it has ended already.
    """
    move(invitation_id=invitation_id, to=State.REVOKED, by=by)
    invitation = Invitation.objects.get(pk=invitation_id)
    Link.objects.filter(invitation=invitation, revoked_at__isnull=True).update(revoked_at=now)
    _let_go(invitation, by=by)
    record_about(invitation, Event.INVITATION_REVOKED, by=by)
    for stopping in STOPPING:
        stopping(invitation_id, by, now)


def on_revoke(stop: Stop) -> None:
    """Have something stopped whenever an invitation is withdrawn; call it when the application is ready."""
    if stop not in STOPPING:
        STOPPING.append(stop)


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
    invitation = locked(invitation_id)
    if invitation.waits_until is None or invitation.waits_until < until:
        invitation.waits_until = until
        invitation.save(update_fields=["waits_until"])


@transaction.atomic
def remind_again(*, invitation_id: UUID, rest: Rest, by: Actor, now: datetime) -> None:
    """Remind everybody who has a link for what remains; without anybody named, the one who was invited.

    Raises `NoSuchInvitation`.
    """
    invitation = locked(invitation_id)
    living = Handoff.objects.filter(invitation_id=invitation_id, revoked_at__isnull=True).order_by("created_at")
    for handoff_id in list(living.values_list("pk", flat=True)):
        remind_handoff(handoff_id=handoff_id, rest=rest, by=by, now=now)
    if not living:
        _ask_first(invitation, rest, by=by, now=now)


@transaction.atomic
def ask_again(*, invitation_id: UUID, handoff_id: UUID | None, rest: Rest, by: Actor, now: datetime) -> None:
    """Ask one person to go on, with a fresh link: another administrator, else the one who was invited.

    Raises `NoSuchInvitation`, `NoSuchHandoff`, `NothingToHandOff`.
    """
    if handoff_id is None:
        _ask_first(locked(invitation_id), rest, by=by, now=now)
    else:
        remind_handoff(handoff_id=handoff_id, rest=rest, by=by, now=now)


def _ask_first(invitation: Invitation, rest: Rest, *, by: Actor, now: datetime) -> None:
    letters.mail_rest(
        invitation,
        rest,
        mint(invitation, Link.Kind.MAILED, by=by, now=now),
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
    invitation = locked(invitation_id)
    if invitation.administrator_upn == upn:
        return
    invitation.administrator_upn = upn
    invitation.save(update_fields=["administrator_upn"])
    who = by or Actor(kind="administrator", id="", name=upn)
    record_about(invitation, Event.INVITATION_ADMINISTRATOR_NAMED, by=who, data={"administrator": upn})
