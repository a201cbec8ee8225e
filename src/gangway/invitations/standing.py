"""Which invitation of a service stands open: one for its connection, or one for what it uses beside that.

Neither is in the other's way. Call it inside a scope.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Greatest

from gangway.invitations.aims import Purpose
from gangway.invitations.models import Invitation, Link
from gangway.invitations.states import ENDED, State, sources_of


def open_for_connection(service_id: UUID) -> UUID | None:
    """Return the invitation for a service's connection that can still be withdrawn; None when it has none."""
    return _open(service_id, [one.value for one in Purpose if one is not Purpose.BESIDE])


def open_beside(service_id: UUID) -> UUID | None:
    """Return that in which an operator types what the service uses beside its connection; None when there is none."""
    return _open(service_id, [Purpose.BESIDE.value])


def last_link(path: str, made_before: datetime) -> datetime | None:
    """Return until when the longest link is good that was made before then for somebody at or below the path."""
    over = [state.value for state in ENDED]
    rows = Link.objects.filter(organization__path__startswith=path, created_at__lte=made_before, revoked_at=None)
    ends = Greatest("invitation__expires_at", "invitation__waits_until", "handoff__expires_at")  # leaves nulls out
    until: datetime | None = rows.exclude(invitation__state__in=over).aggregate(until=Max(ends))["until"]
    return until


def _open(service_id: UUID, purposes: list[str]) -> UUID | None:
    sources = [state.value for state in sources_of(State.REVOKED)]
    rows = Invitation.objects.filter(service_id=service_id, state__in=sources, purpose__in=purposes)
    return rows.order_by("-created_at").values_list("pk", flat=True).first()
