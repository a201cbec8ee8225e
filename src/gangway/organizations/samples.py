"""Channels and customers by the thousand, to try lists and searches at size. For a database of their own."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.organizations.models import Organization
from gangway.organizations.roles import Kind
from gangway.organizations.search import LONGEST_KEY, fold, words

PORTION = 5000


@transaction.atomic
def add_organizations(*, kind: Kind, below: Sequence[UUID], names: Sequence[str]) -> list[UUID]:
    """Add one organization of a level for each name, spread over those in `below`, and the entry of its making."""
    parents = list(Organization.objects.filter(pk__in=below).order_by("id"))
    rows = [_row(kind, parents[place % len(parents)], name) for place, name in enumerate(names)]
    everything: QuerySet[Organization] = QuerySet(Organization)
    everything.bulk_create(rows, batch_size=PORTION)
    for row in rows:
        record(
            Event.ORGANIZATION_CREATED,
            by=Actor.system("seed"),
            organization_id=row.pk,
            subject=f"organization:{row.pk}",
            data={"kind": row.kind, "name": row.name},
        )
    return [row.pk for row in rows]


def _row(kind: Kind, parent: Organization, name: str) -> Organization:
    key = uuid4()
    return Organization(
        id=key,
        kind=kind.value,
        parent=parent,
        path=f"{parent.path}{key.hex}/",
        name=name,
        name_key=fold(name)[:LONGEST_KEY],
        search_words=words(name),
        created_at=clock.now(),
    )
