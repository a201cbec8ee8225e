"""One Microsoft tenant at two customers of different resellers: an alarm of their provider's and nobody else's.

It may be right: a company buys from two. It may be a reseller who claims somebody else's customer, and asks its
administrator in the provider's name. Only the provider knows both sides; neither reseller learns of the other.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.queries import open_at
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.connections.queries import every_tenant_connected
from gangway.organizations.place_queries import Branch, branches_of, every_tenant_typed
from gangway.organizations.scope import within_everything

WATCH: Final = "onboarding:watch_tenants"
WATCHMAN: Final = Actor.system("tenant watch")
SUBJECT: Final = "tenant:"
MOST_NAMED: Final = 3
CURE: Final = (
    "Ask the customer who may connect this tenant, then delete the customer that shouldn't be there, or take the "
    "tenant out of it. None of them is told of the other."
)


def watch(*, now: datetime) -> None:
    """Raise an alarm for each such tenant and clear those that are none any more. For workers."""
    with within_everything("only above all resellers it is seen who claims the same"), transaction.atomic():
        twice = dict(_twice())
        for (provider, tenant), branches in twice.items():
            named = " and ".join(f"{one.name} (below {one.parent_name})" for one in branches[:MOST_NAMED])
            more = f" and {len(branches) - MOST_NAMED} more" if len(branches) > MOST_NAMED else ""
            raise_alarm(
                organization_id=provider,
                kind=Kind.TENANT_TWICE,
                subject=f"{SUBJECT}{tenant}",
                about=f"Tenant {tenant}",
                severity=Severity.WARNING,
                words=f"The same Microsoft tenant stands at {named}{more}.",
                cure=CURE,
                by=WATCHMAN,
                now=now,
            )
        for provider, subject in open_at(Kind.TENANT_TWICE):
            if (provider, subject.removeprefix(SUBJECT)) not in twice:
                why, kind = "It stands at one of them only.", Kind.TENANT_TWICE
                clear_alarm(organization_id=provider, kind=kind, subject=subject, why=why, by=WATCHMAN, now=now)


def _twice() -> Iterator[tuple[tuple[UUID, str], list[Branch]]]:
    """Give the tenants of one provider that stand below several, each with its customers."""
    held: dict[str, set[UUID]] = defaultdict(set)
    for customer, tenant in (*every_tenant_typed(), *every_tenant_connected()):
        held[tenant].add(customer)
    several = {tenant: customers for tenant, customers in held.items() if len(customers) > 1}
    known = branches_of({customer for customers in several.values() for customer in customers})
    for tenant, customers in several.items():
        by_provider: dict[UUID, list[Branch]] = defaultdict(list)
        for branch in sorted((known[one] for one in customers if one in known), key=lambda one: (one.name, one.id)):
            by_provider[branch.provider_id].append(branch)
        for provider, branches in by_provider.items():
            if len({branch.parent_id for branch in branches}) > 1:
                yield (provider, tenant), branches
