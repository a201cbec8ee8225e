"""One run per tenant at a time: a lease row with owner, expiry and a fencing number. Sync."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection, transaction

from gangway.provisioning.errors import LeaseLost
from gangway.provisioning.models import TenantLease

if TYPE_CHECKING:
    from django.db.models import QuerySet

ACQUIRE: Final = """
    INSERT INTO provisioning_tenantlease AS held (tenant_id, owner, fence, expires_at)
    VALUES (%(tenant)s, %(owner)s, 1, %(until)s)
    ON CONFLICT (tenant_id) DO UPDATE SET owner = %(owner)s, fence = held.fence + 1, expires_at = %(until)s
    WHERE held.owner IN ('', %(owner)s) OR held.expires_at <= %(now)s
    RETURNING fence
"""
HOLD_AND_SEE: Final = """
    SELECT EXISTS (SELECT FROM provisioning_run WHERE id = %(run)s AND cancel_asked_at IS NOT NULL)
    FROM provisioning_tenantlease
    WHERE tenant_id = %(tenant)s AND owner = %(owner)s AND fence = %(fence)s AND expires_at > %(now)s
    FOR UPDATE
"""
"""Each journal write begins with this question: written out, it costs a tenth of what putting it together costs."""


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


def acquire(*, tenant_id: str, owner: str, seconds: float, now: datetime) -> Lease | Taken:
    """Take the tenant's lease for so many seconds, when nobody has it or its time is over."""
    until = now + timedelta(seconds=seconds)
    found = _first(ACQUIRE, {"tenant": tenant_id, "owner": owner, "until": until, "now": now})
    if found is None:
        return Taken(TenantLease.objects.values_list("expires_at", flat=True).get(tenant_id=tenant_id))
    return Lease(tenant_id, owner, found[0])


def hold(lease: Lease, *, now: datetime) -> TenantLease:
    """Lock the lease's row in the caller's transaction. Raises LeaseLost when it is another's, or over."""
    row = _locked(lease, now).first()
    if row is None:
        raise LeaseLost
    return row


def hold_and_see(lease: Lease, run_id: UUID, *, now: datetime) -> bool:
    """The same, and in the same question whether somebody asked to cancel this run. Raises LeaseLost."""
    wanted = {"tenant": lease.tenant_id, "owner": lease.owner, "fence": lease.fence, "now": now, "run": run_id}
    found = _first(HOLD_AND_SEE, wanted)
    if found is None:
        raise LeaseLost
    return bool(found[0])


def _first(statement: str, given: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


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


def release(lease: Lease) -> bool:
    """Give it back, in the caller's transaction or in one of its own; nothing happens when it is another's by now.

    Says whether it was ours.
    """
    ours = TenantLease.objects.filter(tenant_id=lease.tenant_id, owner=lease.owner, fence=lease.fence)
    return bool(ours.update(owner=""))
