"""The tenant's app management policy: what it allows credentials of new registrations."""

import re
from datetime import datetime
from typing import Any

from gangway.microsoft.graph.applications import moment
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import SecretRule
from gangway.microsoft.wire import Answer

_LIFE = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?")
_DAYS = (365, 30, 7, 1)
"""Days in a year, a month, a week and a day: rounded down, so that what we say to be allowed is allowed."""


def secret_rule() -> Call[SecretRule]:
    """What holds for secrets and certificates. Needs Policy.Read.All; without it Forbidden, a normal answer."""
    return Call("GET", "/policies/defaultAppManagementPolicy?$select=isEnabled,applicationRestrictions", _secret_rule)


def _secret_rule(answer: Answer) -> SecretRule:
    rows = _rows(answer, "passwordCredentials")
    return SecretRule(
        forbidden=any(row.get("restrictionType") == "passwordAddition" for row in rows),
        longest_days=_longest(rows, "passwordLifetime"),
        longest_certificate_days=_longest(_rows(answer, "keyCredentials"), "asymmetricKeyLifetime"),
    )


def _rows(answer: Answer, group: str) -> list[Any]:
    """The restrictions of one group that are in force."""
    restrictions = answer.member("applicationRestrictions") or {}
    rows = restrictions.get(group) or [] if answer.member("isEnabled") else []
    return [row for row in rows if _in_force(row, answer.at)]


def _longest(rows: list[Any], kind: str) -> int | None:
    lives = [_days(row.get("maxLifetime")) for row in rows if row.get("restrictionType") == kind]
    return min((life for life in lives if life is not None), default=None)


def _in_force(row: Any, now: datetime) -> bool:
    """Whether it binds a registration that is made now."""
    since = moment(row.get("restrictForAppsCreatedAfterDateTime"))
    return row.get("state", "enabled") == "enabled" and (since is None or since <= now)


def _days(life: Any) -> int | None:
    """An ISO 8601 duration in whole days; None when it is none."""
    found = _LIFE.fullmatch(str(life or ""))
    if found is None:
        return None
    return sum(int(count or 0) * days for count, days in zip(found.groups(), _DAYS, strict=True))
