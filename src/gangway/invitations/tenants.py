"""Which Microsoft 365 an invitation expects: found before its link goes out, kept as long as it, and doubted aloud.

A link to the administrator of a domain that Microsoft doesn't know would refuse whoever is right. So it waits as a
draft until a worker has found whose the domain is; what was found holds for the invitation, whatever is forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.invitations import notices
from gangway.invitations.models import Invitation
from gangway.invitations.moves import count_noted, was_noted, write_history
from gangway.invitations.rows import locked, record_about
from gangway.invitations.states import ENDED, State
from gangway.organizations.scope import within_everything

MOST: Final = 200
"""Held ones that are looked at in one go."""
TOLD_EVERY: Final = timedelta(hours=1)
"""Whoever holds a link may press the button as often as they like: that fills no mailbox."""
MOST_NOTED: Final = 20
"""Lines of one history that name where somebody was refused: whoever holds a link can type any number of tenants."""
_REFUSED: Final = "Refused: "
_SIGNED_IN: Final = "elsewhere"
_TYPED: Final = "typed-elsewhere"
_THEIRS: Final = "is-theirs"
NOT_SENT: Final = notices.News(
    "Not sent: its domain isn't known",
    "Correct the domain, or the cloud, on the customer's page; then send the invitation from its own page.",
)
SIGNED_IN_ELSEWHERE: Final = notices.News(
    "Somebody signed in to another Microsoft 365",
    "Nothing was changed there. If that is the customer's, correct the domain on the customer's page and ask them to "
    "sign in again; the link is good for that. If not, nothing has to be done: press Seen on the invitation's page.",
)
TYPED_ELSEWHERE: Final = notices.News(
    "Somebody typed a registration of another Microsoft 365",
    "Nothing was tried there. If that is the customer's, correct the domain on the customer's page and ask them to "
    "start once more; the link is good for that. If not, nothing has to be done: press Seen on the invitation's page.",
)
SAYS_IT_IS_THEIRS: Final = notices.News(
    "Somebody who holds a link says that this is their Microsoft 365",
    "Call them by the number on the contract. If it is theirs, correct the domain on the customer's page and ask them "
    "to sign in again; the link is good for that.",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A draft that goes out by itself once it is known whose the domain is; in the name of whoever issued it."""

    id: UUID
    organization_id: UUID
    domain: str
    by: Actor


@transaction.atomic
def hold_for(*, invitation_id: UUID, domain: str, by: Actor, now: datetime) -> None:
    """Have a draft go out once it is known whose this domain is. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    if State(invitation.state) is not State.DRAFT:
        return
    invitation.held_for, invitation.doubted_at = domain, None
    invitation.save(update_fields=["held_for", "doubted_at"])
    write_history(invitation, by=by, at=now, note=f"Goes out once Microsoft has said whose {domain} is"[:200])


def held(*, organization_id: UUID | None = None) -> list[Held]:
    """Return what is held, of everybody or of one customer; the oldest first."""
    with within_everything("a worker looks after everybody's held invitations"):
        rows = Invitation.objects.filter(state=State.DRAFT.value).exclude(held_for="").order_by("created_at")
        if organization_id is not None:
            rows = rows.filter(organization_id=organization_id)
        return [
            Held(
                row.pk,
                row.organization_id,
                row.held_for,
                Actor(kind="person", id=row.created_by_id, name=row.created_by_name),
            )
            for row in rows.only("organization_id", "held_for", "created_by_id", "created_by_name")[:MOST]
        ]


@transaction.atomic
def expect_tenant(*, invitation_id: UUID, domain: str, tenant_id: str) -> None:
    """Keep which tenant a domain was found to belong to, for as long as the invitation. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    invitation.tenant_domain, invitation.tenant_id, invitation.held_for = domain, tenant_id, ""
    invitation.save(update_fields=["tenant_domain", "tenant_id", "held_for"])


@transaction.atomic
def stay_unsent(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Microsoft doesn't know the domain that it is held for: it stays a draft, and its operator is told."""
    invitation = locked(invitation_id)
    domain, invitation.held_for = invitation.held_for, ""
    if not domain or State(invitation.state) is not State.DRAFT:
        return
    invitation.doubted_at = now
    invitation.save(update_fields=["held_for", "doubted_at"])
    write_history(invitation, by=by, at=now, note=f"Not sent: Microsoft knows no tenant with {domain}"[:200])
    what = f"Microsoft knows no tenant with the domain {domain} in the customer's cloud, so no link went out."
    notices.tell(invitation, NOT_SENT, what=what, by=by, kind="not-sent")


@transaction.atomic
def doubt_draft(*, invitation_id: UUID, now: datetime) -> None:
    """Microsoft doesn't know the domain, as whoever would send it was just told: its page goes on to say so."""
    invitation = locked(invitation_id)
    if State(invitation.state) is State.DRAFT:
        invitation.doubted_at = now
        invitation.save(update_fields=["doubted_at"])


@transaction.atomic
def signed_in_elsewhere(*, invitation_id: UUID, where: str, by: Actor, now: datetime) -> None:
    """Somebody was refused who signed in to another tenant than the expected one: the page says so, a mail once."""
    what = f"They were refused, since another one is expected. Where they signed in: {where}."
    _doubt(invitation_id, SIGNED_IN_ELSEWHERE, _SIGNED_IN, what=what, note=f"signed in to {where}", by=by, now=now)


@transaction.atomic
def typed_elsewhere(*, invitation_id: UUID, tenant: str, by: Actor, now: datetime) -> None:
    """The same of somebody who typed a registration of another tenant than the expected one."""
    what = f"They were refused, since another one is expected. The tenant that they typed: {tenant}."
    _doubt(invitation_id, TYPED_ELSEWHERE, _TYPED, what=what, note=f"typed the tenant {tenant}", by=by, now=now)


def _doubt(
    invitation_id: UUID, news: notices.News, kind: str, *, what: str, note: str, by: Actor, now: datetime
) -> None:
    """Call it once for each refusal: it stands on the page until somebody has seen it, or the domain is another one."""
    invitation = locked(invitation_id)
    if State(invitation.state) in ENDED:
        return
    invitation.doubted_at = now
    invitation.save(update_fields=["doubted_at"])
    line = f"{_REFUSED}{note}"[:200]
    if not was_noted(invitation, note=line) and count_noted(invitation, begins=_REFUSED) < MOST_NOTED:
        write_history(invitation, by=by, at=now, note=line)
    if not notices.told_since(invitation, invitation.created_at, kind=kind):
        notices.tell(invitation, news, what=what, by=by, kind=kind)


@transaction.atomic
def see_doubt(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """*Seen*: nobody needs to do anything about who was refused. Of a draft it stays. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    if invitation.doubted_at is None or State(invitation.state) is State.DRAFT:
        return
    invitation.doubted_at = None
    invitation.save(update_fields=["doubted_at"])
    write_history(invitation, by=by, at=now, note="Seen that somebody was refused")
    record_about(invitation, Event.INVITATION_DOUBT_SEEN, by=by)


def doubt_no_more(customer_id: UUID) -> None:
    """The customer is known by another domain, tenant or cloud now: what was in doubt is no longer. Inside a scope."""
    Invitation.objects.filter(organization_id=customer_id, doubted_at__isnull=False).update(doubted_at=None)


@transaction.atomic
def say_it_is_theirs(*, invitation_id: UUID, where: str, by: Actor, now: datetime) -> None:
    """Whoever was refused so says that it is the right one: the operator decides. Told once an hour."""
    invitation = locked(invitation_id)
    if notices.told_since(invitation, now - TOLD_EVERY, kind=_THEIRS):
        return
    invitation.doubted_at = now
    invitation.save(update_fields=["doubted_at"])
    write_history(invitation, by=by, at=now, note=f"Says that {where} is the right Microsoft 365"[:200])
    record_about(invitation, Event.INVITATION_TENANT_CLAIMED, by=by, data={"tenant": where})
    what = f"Somebody who holds a link signed in to {where}, was refused, and says that it is the one to be connected."
    notices.tell(invitation, SAYS_IT_IS_THEIRS, what=what, by=by, kind=_THEIRS)
