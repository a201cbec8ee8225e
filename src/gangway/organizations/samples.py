"""Channels, customers and people by the thousand, to try lists and searches at size. For a database of their own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.audit.samples import add_entries
from gangway.foundation import clock
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.pages import batched
from gangway.organizations.roles import Kind, Role
from gangway.organizations.search import LONGEST_KEY, fold, words

PORTION = 5000
FIRST: Final = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Ken", "Radia", "Tim", "Joan")
LAST: Final = (
    "Abel",
    "Berg",
    "Costa",
    "Diaz",
    "Evans",
    "Fischer",
    "Garcia",
    "Haas",
    "Ivanov",
    "Jansen",
    "Kim",
    "Lopez",
)
SEEN_NONE: Final = 7
"""One of so many people has never signed in."""


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


def add_people(*, places: Sequence[UUID], role: Role, domain: str) -> None:
    """Add one person with this role in each of these organizations. Nobody can sign in as them."""
    for some in batched(iter(enumerate(places)), PORTION):
        people = [_person(place, role, domain) for place, _ in some]
        seats = [
            Membership(organization_id=where, operator=person, role=role.value, created_at=person.created_at)
            for (_, where), person in zip(some, people, strict=True)
        ]
        Operator.objects.bulk_create(people)
        Membership.objects.bulk_create(seats)
        given = ((row.organization_id, f"operator:{row.operator_id}", {"role": row.role}) for row in seats)
        add_entries(Event.OPERATOR_ROLE_GIVEN, given)


def _person(place: int, role: Role, domain: str) -> Operator:
    now = clock.now()
    first, last = FIRST[place % len(FIRST)], LAST[place // len(FIRST) % len(LAST)]
    seen_at = now - timedelta(minutes=place * 29 % (60 * 24 * 60)) if place % SEEN_NONE else None
    person = Operator(email=f"{first}.{last}.{place}@{role.value}.{domain}".lower(), created_at=now, last_login=seen_at)
    person.call(f"{first} {last}")
    person.set_unusable_password()
    return person


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
