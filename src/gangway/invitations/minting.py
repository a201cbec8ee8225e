"""Making links, and how many may be made: by invitation, by operator, and within an hour."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.invitations.errors import TooManyLinks
from gangway.invitations.models import Invitation, Link
from gangway.invitations.states import State
from gangway.organizations import links

HOUR: Final = timedelta(hours=1)
MOST_OF_ONE: Final = 20
"""Links of one invitation, or service, in an hour; those of withdrawn ones to the same address count as well."""
MOST_BY_ONE: Final = 500
"""Links made by one operator, in an hour."""


def mint(invitation: Invitation, kind: Link.Kind, *, by: Actor, now: datetime) -> SealedText:
    """Make a link and return its token, which is kept nowhere."""
    token = links.new_token()
    Link(
        organization_id=invitation.organization_id,
        invitation=invitation,
        token_hash=links.hash_of(token),
        kind=kind,
        made_by_id=by.id if by.kind == "person" else "",
        created_at=now,
    ).save()
    return token


def check_count(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """Let nobody fill a mailbox, nor by withdrawing and inviting again; raises `TooManyLinks`."""
    lately = Link.objects.filter(created_at__gt=now - HOUR)
    theirs = lately.filter(made_by_id=by.id).count() if by.kind == "person" else 0
    withdrawn = Q(invitation__recipient__iexact=invitation.recipient, invitation__state=State.REVOKED.value)
    same = Q(invitation=invitation) | Q(invitation__service_id=invitation.service_id) | withdrawn
    if lately.filter(same).count() >= MOST_OF_ONE or theirs >= MOST_BY_ONE:
        raise TooManyLinks


def links_left(operator_id: str, *, now: datetime) -> int:
    """Return how many more links somebody may make within this hour, for work that makes many."""
    lately = Link.objects.filter(created_at__gt=now - HOUR, made_by_id=operator_id)
    return max(MOST_BY_ONE - lately.count(), 0)
