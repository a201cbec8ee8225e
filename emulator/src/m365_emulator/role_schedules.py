"""Roles with a beginning and an end (PIM): when the clock passes them, assignments come and go.

Everybody who reads role assignments asks :func:`settle` first, so that no timer is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import credentials

if TYPE_CHECKING:
    from datetime import datetime

    from m365_emulator.directory import Tenant
    from m365_emulator.world import World

_where = "roleSchedules"
kinds = {"assignment": "role_assignments", "eligibility": "role_eligibilities"}


def schedules(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Schedules by the id of their assignment, each with its kind, begin, end (None: for ever) and ``row``."""
    rows: dict[str, dict[str, Any]] = tenant.settings.get(_where, {})
    return rows


def keep(tenant: Tenant, schedule: dict[str, Any]) -> None:
    """Put a schedule in force; its ``row`` is the assignment or eligibility that it makes."""
    tenant.settings.setdefault(_where, {})[schedule["row"]["id"]] = schedule


def drop(tenant: Tenant, oid: str) -> None:
    """End an assignment or eligibility and its schedule, if it has one."""
    tenant.role_assignments.pop(oid, None)
    tenant.role_eligibilities.pop(oid, None)
    schedules(tenant).pop(oid, None)


def settle(world: World, tenant: Tenant) -> None:
    """Begin what has begun and end what has ended by the emulator's clock."""
    rows = schedules(tenant)
    if not rows:
        return
    now = world.clock.now()
    for oid, schedule in list(rows.items()):
        if _ended(schedule, now):
            drop(tenant, oid)
        elif not schedule.get("begun") and credentials.moment(schedule["startDateTime"]) <= now:
            getattr(tenant, kinds[schedule["kind"]])[oid] = schedule["row"]
            schedule["begun"] = True
        elif schedule.get("begun") and oid not in getattr(tenant, kinds[schedule["kind"]]):
            del rows[oid]


def _ended(schedule: dict[str, Any], now: datetime) -> bool:
    ends = schedule.get("endDateTime")
    return ends is not None and credentials.moment(ends) <= now
