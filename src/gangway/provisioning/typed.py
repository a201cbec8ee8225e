"""What people type about credentials that we can't read at Microsoft. Sync; call it inside a scope."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.provisioning.errors import EndNotPlausible, NoSuchCredential
from gangway.provisioning.models import GIVEN, Credential

LATEST_YEARS = 100
"""Further on than any credential's end; a typing error."""


def end_of(day: date) -> datetime:
    """Return the last second of a day that somebody typed: nobody said at which hour it ends, and it may be then."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


@transaction.atomic
def type_end(*, credential_id: UUID, ends_on: date | None, by: Actor, now: datetime) -> None:
    """Keep on which day a credential ends that somebody typed in; None: nobody knows.

    Raises NoSuchCredential, and at "ends_on" EndNotPlausible. One whose end was read in the tenant stays as it is.
    """
    row = Credential.objects.select_for_update(of=("self",)).filter(pk=credential_id, origin=GIVEN).first()
    if row is None:
        raise NoSuchCredential
    if ends_on is not None and ends_on.year > now.year + LATEST_YEARS:
        raise EndNotPlausible(field="ends_on")
    ends_at = end_of(ends_on) if ends_on else None
    if row.end_read_at is not None or row.expires_at == ends_at:
        return
    row.expires_at = ends_at
    row.save(update_fields=["expires_at"])
    record(
        Event.CREDENTIAL_END_TYPED,
        by=by,
        organization_id=row.organization_id,
        subject=f"service:{row.service_id}",
        data={"name": row.display_name, "ends_on": ends_on.isoformat() if ends_on else ""},
    )
