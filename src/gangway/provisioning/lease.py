"""One run per tenant at a time: a lease row with owner, expiry and a fencing number. Sync."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, QuerySet

from gangway.provisioning.errors import LeaseLost
from gangway.provisioning.models import TenantLease


@dataclass(frozen=True, slots=True)
class Lease:
    """A tenant's lease in the hands of `owner`, recognised by its `fence`."""

    tenant_id: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else has it until then."""

    until: datetime


@transaction.atomic(savepoint=False)
def acquire(*, tenant_id: str, owner: str, seconds: float, now: datetime) -> Lease | Taken:
    """Take the tenant's lease for so many seconds, when nobody has it or its time is over."""
    TenantLease.objects.bulk_create([TenantLease(tenant_id=tenant_id, owner="", expires_at=now)], ignore_conflicts=True)
    row = TenantLease.objects.select_for_update().get(tenant_id=tenant_id)
    if row.owner not in {"", owner} and row.expires_at > now:
        return Taken(row.expires_at)
    row.owner, row.fence, row.expires_at = owner, row.fence + 1, now + timedelta(seconds=seconds)
    row.save()
    return Lease(tenant_id, owner, row.fence)


def hold(lease: Lease, *, now: datetime) -> TenantLease:
    """Lock the lease's row in the caller's transaction. Raises LeaseLost when it is another's, or over."""
    row = _locked(lease, now).first()
    if row is None:
        raise LeaseLost
    return row


def hold_and_see(lease: Lease, rows: "QuerySet[Any]", *, now: datetime) -> bool:
    """The same, and in the same question whether there are such rows. Raises LeaseLost."""
    there = _locked(lease, now).annotate(there=Exists(rows)).values_list("there", flat=True).first()
    if there is None:
        raise LeaseLost
    return bool(there)


def _locked(lease: Lease, now: datetime) -> "QuerySet[TenantLease]":
    return TenantLease.objects.select_for_update().filter(
        tenant_id=lease.tenant_id, owner=lease.owner, fence=lease.fence, expires_at__gt=now
    )


@transaction.atomic
def renew(lease: Lease, *, seconds: float, now: datetime) -> None:
    """Keep it for so many seconds from now. Raises LeaseLost."""
    row = hold(lease, now=now)
    row.expires_at = now + timedelta(seconds=seconds)
    row.save(update_fields=["expires_at"])


def release(lease: Lease) -> None:
    """Give it back, in the caller's transaction or in one of its own; nothing happens when it is another's by now."""
    TenantLease.objects.filter(tenant_id=lease.tenant_id, owner=lease.owner, fence=lease.fence).update(owner="")
