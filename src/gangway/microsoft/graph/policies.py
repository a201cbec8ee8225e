"""The tenant's app management policy: what it allows credentials of registrations, by when they were made."""

import re
from typing import Any, Final

from gangway.microsoft.graph.applications import moment
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import CredentialPolicy, Restriction
from gangway.microsoft.wire import Answer

_LIFE = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?")
_DAYS = (365, 30, 7, 1)
"""Days in a year, a month, a week and a day: rounded down, so that what we say to be allowed is allowed."""
_GROUPS: Final = ("passwordCredentials", "keyCredentials")


def credential_policy() -> Call[CredentialPolicy]:
    """What holds for secrets and certificates. Needs Policy.Read.All; without it Forbidden, a normal answer."""
    path = "/policies/defaultAppManagementPolicy?$select=isEnabled,applicationRestrictions"
    return Call("GET", path, _credential_policy)


def _credential_policy(answer: Answer) -> CredentialPolicy:
    restrictions = (answer.member("applicationRestrictions") or {}) if answer.member("isEnabled") else {}
    rows = [row for group in _GROUPS for row in restrictions.get(group) or []]
    in_force = (row for row in rows if row.get("state", "enabled") == "enabled")
    return CredentialPolicy(answer.at, tuple(_restriction(row) for row in in_force))


def _restriction(row: Any) -> Restriction:
    since = moment(row.get("restrictForAppsCreatedAfterDateTime"))
    return Restriction(str(row.get("restrictionType") or ""), since, _days(row.get("maxLifetime")))


def _days(life: Any) -> int | None:
    """An ISO 8601 duration in whole days; None when it is none."""
    found = _LIFE.fullmatch(str(life or ""))
    if found is None:
        return None
    return sum(int(count or 0) * days for count, days in zip(found.groups(), _DAYS, strict=True))
