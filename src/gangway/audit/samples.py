"""Entries by the hundred thousand, to try the log at size. For a database of their own.

They are linked by the same trigger as all others and tell what is true: that they were added now, as samples.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.loading import load
from gangway.audit.record import Actor, Plain, entry_of

BY: Final = Actor.system("seed")
PORTION: Final = 2000


@transaction.atomic
def add_entries(event: Event, about: Iterable[tuple[UUID, str, Mapping[str, Plain]]]) -> None:
    """Add an entry of this event for each: its organization, its subject, what is told of it."""
    rows = (
        entry_of(event, by=BY, organization_id=organization_id, subject=subject, data=data)
        for organization_id, subject, data in about
    )
    while some := list(islice(rows, PORTION)):
        load(some)
