"""Which thresholds before an end people were warned at: each once, whoever looks and however often. For workers.

What ends is known by an id: a credential's, or for the directory roles that PIM gave, that of the connection.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from gangway.alarms.queries import open_subjects
from gangway.alarms.states import Kind
from gangway.connections.kept import Kept, connection_of
from gangway.connections.models import Connection, Warned


def was(what: UUID) -> bool:
    """Whether people were warned of this end at all."""
    return Warned.objects.filter(credential_id=what).exists()


def forget(what: UUID, *, but: Collection[int] = ()) -> bool:
    """Warn anew at thresholds that lie ahead again, since the end was moved back; says whether there were such."""
    return bool(Warned.objects.filter(credential_id=what).exclude(days__in=but).delete()[0])


def is_due(
    row: Connection | Kept, kind: Kind, what: UUID, crossed: Sequence[int], *, moved: bool, now: datetime
) -> bool:
    """Write down the thresholds that are crossed, the most urgent last; says whether people are to be warned now.

    They are of a new one, of an end that was `moved`, and where an earlier warning was ended by anything else.
    """
    warned = set(Warned.objects.filter(credential_id=what).values_list("days", flat=True))
    if crossed[-1] in warned and not moved and row.subject in open_subjects(kind, begins=row.subject):
        return False
    new = [
        Warned(
            organization_id=row.organization_id,
            connection_id=connection_of(row).pk,
            credential_id=what,
            days=one,
            at=now,
        )
        for one in crossed
        if one not in warned
    ]
    Warned.objects.bulk_create(new, ignore_conflicts=True)
    return True
