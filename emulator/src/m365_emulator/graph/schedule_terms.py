"""From when to when a requested role holds, and whether PIM's rules for it are kept: reason, ticket, longest time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials, durations
from m365_emulator.clock import graph_time
from m365_emulator.errors import GraphError
from m365_emulator.graph.errors import bad_request, denied

if TYPE_CHECKING:
    from datetime import datetime

    from m365_emulator.directory import Tenant
    from m365_emulator.graph.call import Call

_rules_of = "pimRules"
usual_rules: dict[str, Any] = {"justification": True, "ticket": False, "longestActivation": "PT8H", "permanent": True}
_ends_role = frozenset({"adminRemove", "selfDeactivate"})
_changes_end = frozenset({"adminUpdate", "adminExtend", "adminRenew", "selfExtend", "selfRenew"})
_gives = frozenset({"adminAssign", "selfActivate"})


@dataclass(frozen=True, slots=True)
class Terms:
    """``starts`` and ``ends`` as Graph writes times; ``target`` is the assignment that is changed or ended."""

    starts: str
    ends: str | None
    target: str | None = None
    ends_role: bool = False

    def shown(self) -> dict[str, Any]:
        """As ``requestSchedule``."""
        kind = "afterDateTime" if self.ends else "noExpiration"
        expiration = {"type": kind, "endDateTime": self.ends, "duration": None}
        return {"startDateTime": self.starts, "recurrence": None, "expiration": expiration}


def rules(tenant: Tenant) -> dict[str, Any]:
    """What PIM asks of requests in this tenant."""
    return {**usual_rules, **tenant.settings.get(_rules_of, {})}


def set_rules(tenant: Tenant, wanted: dict[str, Any]) -> None:
    """Put other rules in force."""
    tenant.settings[_rules_of] = {**rules(tenant), **wanted}


def read(call: Call, wanted: dict[str, Any], kind: str) -> Terms:
    """The terms of a request. Raises 400 in PIM's words when they break a rule, or there is nothing to change."""
    action = wanted["action"]
    if action not in _gives | _changes_end | _ends_role or (kind == "eligibility" and action.startswith("self")):
        raise bad_request(f"The action '{action}' is not supported here.", target="action")
    if action.startswith("self") and wanted["principalId"] != call.caller.principal_id:
        raise denied()
    held = _held(call.tenant, wanted, kind)
    if action in _gives and held is not None:
        raise GraphError(400, "RoleAssignmentExists", "The Role assignment already exists.")
    if action not in _gives and held is None:
        raise GraphError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
    if action in _ends_role:
        return Terms(graph_time(call.world.clock.now()), None, held, ends_role=True)
    starts, ends = _span(call, wanted)
    _check_rules(call, wanted, starts, ends)
    return Terms(graph_time(starts), graph_time(ends) if ends else None, held)


def _held(tenant: Tenant, wanted: dict[str, Any], kind: str) -> str | None:
    rows = tenant.role_assignments if kind == "assignment" else tenant.role_eligibilities
    return next((key for key, row in rows.items() if _is_same(row, wanted)), None)


def _is_same(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(row[name] == wanted[name] for name in ("principalId", "roleDefinitionId", "directoryScopeId"))


def _span(call: Call, wanted: dict[str, Any]) -> tuple[datetime, datetime | None]:
    info = wanted.get("scheduleInfo") or {}
    expiration = info.get("expiration") or {}
    now = call.world.clock.now()
    starts = max(credentials.moment(info["startDateTime"]), now) if info.get("startDateTime") else now
    try:
        if expiration.get("type") == "afterDuration":
            return starts, starts + durations.read(str(expiration.get("duration")))
        if expiration.get("type") == "afterDateTime":
            return starts, credentials.moment(str(expiration.get("endDateTime")))
    except (ValueError, OverflowError) as error:
        raise bad_request(f"The schedule's expiration is invalid: {error}.", target="scheduleInfo") from error
    return starts, None


def _check_rules(call: Call, wanted: dict[str, Any], starts: datetime, ends: datetime | None) -> None:
    asked, broken = rules(call.tenant), []
    activation = wanted["action"] == "selfActivate"
    if activation and not _eligible(call.tenant, wanted):
        raise GraphError(400, "RoleAssignmentDoesNotExist", "The Role eligibility does not exist.")
    if activation and (ends is None or ends - starts > durations.read(asked["longestActivation"])):
        broken.append("ExpirationRule")
    if not activation and ends is None and not asked["permanent"]:
        broken.append("ExpirationRule")
    if asked["justification"] and not (wanted.get("justification") or "").strip():
        broken.append("JustificationRule")
    ticket = wanted.get("ticketInfo") or {}
    if asked["ticket"] and not (ticket.get("ticketNumber") and ticket.get("ticketSystem")):
        broken.append("TicketingRule")
    if broken:
        words = f"The following policy rules failed: {json.dumps(broken)}"
        raise GraphError(400, "RoleAssignmentRequestPolicyValidationFailed", words)


def _eligible(tenant: Tenant, wanted: dict[str, Any]) -> bool:
    return any(_is_same(row, wanted) for row in tenant.role_eligibilities.values())
