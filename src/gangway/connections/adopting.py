"""The row by which workers look after a connection: made soon after the connection is. For workers."""

from datetime import datetime
from typing import Final

from django.db import transaction

from gangway.connections import schedule
from gangway.connections.kept import is_lacking
from gangway.connections.models import Care, Connection, Validation
from gangway.organizations.scope import within_everything
from gangway.provisioning.renewable import lacks, may_change_itself, renewable

MOST: Final = 200
"""Rows made at once."""


def adopt_new(*, now: datetime) -> int:
    """Give a row to each connection that has none yet; gives how many.

    They are locked: else one whose status changes meanwhile would stand in lists as it was, until it changes again.
    """
    with within_everything("workers look after everybody's connections"), transaction.atomic():
        fresh = Connection.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        return adopt(*fresh.filter(care__isnull=True).order_by("created_at")[:MOST], now=now)


def adopt(*rows: Connection, now: datetime) -> int:
    """Give a row to each of these (locked), where nobody else just did."""
    made = [_new(row, now) for row in rows]
    Care.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _new(row: Connection, now: datetime) -> Care:
    seen = Validation.objects.filter(connection=row, granted__isnull=False).order_by("-asked_at").first()
    about = renewable(row.credential_id)
    missing = lacks(row.registration_id, seen.granted or (), roles=seen.roles) if seen else None
    return Care(
        organization_id=row.organization_id,
        connection=row,
        tenant_id=about.tenant_id if about else "",
        validate_at=schedule.slot(row.pk, now),
        tend_at=now,
        renews_itself=may_change_itself(seen.granted if seen else None),
        lacks=missing,
        standing=row.standing,
        lacking=is_lacking(row, missing),
    )
