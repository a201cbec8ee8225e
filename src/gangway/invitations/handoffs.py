"""Handing what remains to another administrator: a link of their own, for people of the same organization, counted."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.invitations import letters
from gangway.invitations.errors import ColleagueElsewhere, NoSuchHandoff, NothingToHandOff, TooManyHandoffs
from gangway.invitations.models import Handoff, Invitation, Link
from gangway.invitations.moves import write_history
from gangway.invitations.rest import Rest
from gangway.invitations.rows import answered
from gangway.invitations.states import State
from gangway.invitations.terms import as_long_after, terms_of
from gangway.notifications import outbox
from gangway.organizations import links

FIELD: Final = "colleague"
MOST_COLLEAGUES: Final = 3
"""People who may hold a link of their own at the same time."""
MOST_MAILS_A_DAY: Final = 5
MOST_MAILS: Final = 20
"""Mails about one invitation to colleagues, in a day and in all: nobody's mailbox is filled by us."""

TO_HAND_OFF: Final = frozenset({State.WAITING_FOR_ADMINISTRATOR, State.SIGNED_IN, State.FAILED})
"""There is something that another administrator may finish; a colleague may just be at it, or have failed."""

TO_HAND_ON: Final = frozenset({State.OPENED, State.SIGNED_IN, State.WAITING_FOR_APPROVAL, State.DECLINED, State.FAILED})
"""Somebody is inside, and nothing has waited for anybody yet: a colleague may take the whole of it."""


@transaction.atomic
def hand_off(
    *, invitation_id: UUID, recipient: str, domains: Collection[str], rest: Rest, by: Actor, now: datetime
) -> UUID:
    """Mail a link of their own to another administrator; somebody who has one gets another mail. Returns its id.

    As long as nothing waits, the link leads to the invitation's own walk, where it stands; after that to what remains.
    `domains`: those of the tenant; the one that the invitation went to counts as well. Raises at "colleague":
    `InvalidRecipient`, `ColleagueElsewhere`, `TooManyHandoffs`; `NothingToHandOff`.
    """
    invitation = _locked(invitation_id)
    address = outbox.check_address(recipient, field=FIELD)
    _check_domain(address, {*domains, _domain(invitation.recipient)})
    row = _held_by(invitation, address, by=by, now=now)
    _check_counts(invitation, row, now=now)
    row.expires_at = max(_until(invitation, rest, now=now), row.expires_at)
    row.sent_count, row.last_sent_at = row.sent_count + 1, now
    row.save()
    _mail(invitation, row, rest, by=by, now=now)
    write_history(invitation, by=by, at=now, note=f"Link for another administrator sent to {address}"[:200])
    _record(Event.HANDED_OFF, row, by, {"recipient": address, "count": row.sent_count})
    answered(invitation, to=address)
    return row.id


@transaction.atomic
def remind_handoff(*, handoff_id: UUID, rest: Rest, by: Actor, now: datetime) -> None:
    """Mail one who has a link of their own again, with a fresh link; their time begins anew. Raises `NoSuchHandoff`."""
    row = _open(handoff_id)
    invitation = _locked(row.invitation_id)
    row.expires_at = max(_until(invitation, rest, now=now), row.expires_at)
    row.sent_count, row.last_sent_at = row.sent_count + 1, now
    row.save()
    _mail(invitation, row, rest, by=by, now=now, again=True)
    answered(invitation, to=row.recipient)


@transaction.atomic
def revoke_handoff(*, handoff_id: UUID, shared: bool = False, by: Actor, now: datetime) -> None:
    """Withdraw another administrator's link: it and whoever uses it at this moment are stopped.

    `shared`: they walk together with everybody else, who have to open their own link again.

    Raises `NoSuchHandoff`; once more changes nothing.
    """
    row = Handoff.objects.select_for_update(of=("self",)).select_related("invitation").filter(pk=handoff_id).first()
    if row is None:
        raise NoSuchHandoff
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    if shared:
        row.invitation.sessions_from = now
        row.invitation.save(update_fields=["sessions_from"])
    outbox.withdraw(subject_ref=letters.subject_of_handoff(row.id), by=by)
    write_history(row.invitation, by=by, at=now, note=f"Link of {row.recipient} withdrawn"[:200])
    _record(Event.HANDOFF_REVOKED, row, by, {"recipient": row.recipient})


def keep_handoffs(invitation: Invitation, *, until: datetime, now: datetime) -> None:
    """Let other administrators' living links last until then: never shorter, and no longer than what they are for."""
    last = min(until, invitation.lasts_until)
    living = Handoff.objects.filter(invitation_id=invitation.pk, revoked_at__isnull=True, expires_at__gt=now)
    living.filter(expires_at__lt=last).update(expires_at=last)


@transaction.atomic
def note_opened(*, handoff_id: UUID, now: datetime) -> None:
    """Remember when another administrator first pressed Continue."""
    row = _open(handoff_id)
    if row.opened_at is None:
        row.opened_at = now
        row.save(update_fields=["opened_at"])


def check_colleague(*, invitation_id: UUID, recipient: str, domains: Collection[str]) -> str:
    """Return another administrator's address, before there is anything to hand off.

    Raises at "colleague": `InvalidRecipient`, `ColleagueElsewhere`.
    """
    address = outbox.check_address(recipient, field=FIELD)
    _check_domain(address, {*domains, _domain(Invitation.objects.get(pk=invitation_id).recipient)})
    return address


def _check_domain(address: str, allowed: Collection[str]) -> None:
    if _domain(address) not in {domain.casefold() for domain in allowed}:
        raise ColleagueElsewhere(field=FIELD)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def _held_by(invitation: Invitation, address: str, *, by: Actor, now: datetime) -> Handoff:
    """The living hand-off of this person, or a new one that is not saved yet."""
    key = address.casefold()
    rows = Handoff.objects.select_for_update(of=("self",)).filter(invitation_id=invitation.pk)
    return rows.filter(recipient_key=key, revoked_at__isnull=True).first() or Handoff(
        organization_id=invitation.organization_id,
        invitation=invitation,
        recipient=address,
        recipient_key=key,
        by_kind=by.kind,
        by_name=by.name[:200],
        created_at=now,
        expires_at=now,
    )


def _check_counts(invitation: Invitation, row: Handoff, *, now: datetime) -> None:
    others = Handoff.objects.filter(invitation_id=invitation.pk, revoked_at__isnull=True, expires_at__gt=now)
    mailed = Link.objects.filter(invitation_id=invitation.pk, handoff__isnull=False)
    today = mailed.filter(created_at__gt=now - timedelta(days=1)).count()
    if (
        others.exclude(pk=row.pk).count() >= MOST_COLLEAGUES
        or today >= MOST_MAILS_A_DAY
        or mailed.count() >= MOST_MAILS
    ):
        raise TooManyHandoffs(field=FIELD)


def _until(invitation: Invitation, rest: Rest, *, now: datetime) -> datetime:
    """A colleague's link has the usual life, from the day on that is waited for; it never outlives what it is for."""
    about, day = invitation.organization_id, rest.waits_for
    usual = now + timedelta(days=terms_of(about).life_days)
    wanted = max(usual, as_long_after(about, day)) if day else usual
    return min(wanted, max(invitation.lasts_until, now))


def _mail(invitation: Invitation, row: Handoff, rest: Rest, *, by: Actor, now: datetime, again: bool = False) -> None:
    token = links.new_token()
    Link(
        organization_id=row.organization_id,
        invitation=invitation,
        handoff=row,
        token_hash=links.hash_of(token),
        kind=Link.Kind.MAILED,
        made_by_id=by.id if by.kind == "person" else "",
        created_at=now,
    ).save()
    letters.mail_rest(
        invitation,
        rest,
        token,
        to=row.recipient,
        asked_by=row.by_name,
        until=row.expires_at,
        subject_ref=letters.subject_of_handoff(row.id),
        by=by,
        again=again,
    )


def _locked(invitation_id: UUID) -> Invitation:
    row = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None or State(row.state) not in (TO_HAND_ON if row.waits_until is None else TO_HAND_OFF):
        raise NothingToHandOff
    return row


def _open(handoff_id: UUID) -> Handoff:
    rows = Handoff.objects.select_for_update(of=("self",))
    row = rows.filter(pk=handoff_id, revoked_at__isnull=True).first()
    if row is None:
        raise NoSuchHandoff
    return row


def _record(event: Event, row: Handoff, by: Actor, data: dict[str, str | int]) -> None:
    subject = letters.subject_of(row.invitation_id)
    record(event, by=by, organization_id=row.organization_id, subject=subject, data=data)
