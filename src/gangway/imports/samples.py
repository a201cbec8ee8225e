"""Imports that are over and have no rows any more, to try their list at size. For a database of their own."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from gangway.foundation import clock
from gangway.imports.models import Import
from gangway.imports.states import ImportState, Kind

ROWS: Final = 200
"""Services of one file."""


def add_imports(*, organization_id: UUID, services: int) -> None:
    """Add as many imports as it takes to bring so many services."""
    Import.objects.bulk_create(_row(organization_id, place) for place in range(-(-services // ROWS)))


def _row(organization_id: UUID, place: int) -> Import:
    at = clock.now() - timedelta(hours=place + 1)
    return Import(
        organization_id=organization_id,
        kind=(Kind.EXISTING if place % 4 == 0 else Kind.NEW).value,
        state=(ImportState.STOPPED if place % 10 == 0 else ImportState.DONE).value,
        file_name=f"services-{place * 37 % 1000:03d}.csv",
        rows_total=ROWS - place % 7,
        by_id="",
        by_name="a sample",
        created_at=at,
        started_at=at,
        ended_at=at + timedelta(minutes=30),
        expires_at=at + timedelta(days=7),
    )
