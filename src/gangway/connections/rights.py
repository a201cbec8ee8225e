"""What a registration may do as it was last seen, against its plan: each permission and role, how we know, and when.

The proof of set-up day counts until something newer was seen: a fresh token's permissions, and its roles as far as
somebody let us read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from gangway.connections.kept import Looked, whose
from gangway.connections.models import Validation
from gangway.provisioning import queries as provisioning
from gangway.provisioning.shapes import HeldRight, RegistrationView, RightState

GrantState = RightState

BEFORE: Final = 200
"""So many looks back it is found out when something was last there."""

IN_TOKEN: Final = "Seen in the registration's own fresh token."  # noqa: S105 - words for people
NOT_IN_TOKEN: Final = "Not in the registration's own fresh token."  # noqa: S105 - words for people
NOT_IN_PLAN: Final = "In the registration's token, but not in its plan."
CALLED_BY_NOBODY: Final = "Role in token, not called yet."
READ_BACK: Final = "Read back from the tenant."
NO_ROLE: Final = "Not both among its roles in the tenant and in its own fresh token."
NO_ROLE_OF_UNIT: Final = "Not among its roles in the tenant."
UNREAD: Final = "Nobody let us read it when we last looked."


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One permission or role: as planned, missing, or more than needed."""

    name: str
    kind: Literal["permission", "role"]
    why: str
    state: GrantState
    proof_words: str
    """How we know: read back, seen in a token, really called; or why we don't."""
    seen_at: datetime | None = None
    """When that was."""
    last_at: datetime | None = None
    """Of what isn't there, or couldn't be read, when it was last seen there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw: permissions in a fresh token, and template ids of roles; None when nobody could say."""

    at: datetime
    granted: frozenset[str]
    roles: frozenset[str] | None = None


def seen_of(row: Looked, about: RegistrationView) -> list[Seen]:
    """Return what was seen of its registration since that was last proved, the newest first."""
    looks = Validation.objects.filter(**whose(row), granted__isnull=False, ended_at__isnull=False)
    looks = looks.filter(ended_at__gte=about.proved_at) if about.proved_at else looks
    found = looks.order_by("-asked_at").values_list("ended_at", "granted", "roles")[:BEFORE]
    return [
        Seen(at, frozenset(granted or ()), None if roles is None else frozenset(roles))
        for at, granted, roles in found
        if at is not None
    ]


def rows_of(about: RegistrationView, seen: Sequence[Seen]) -> tuple[GrantRow, ...]:
    """Compare what was planned with what was last seen; where nothing was, what was proved counts."""
    granted = seen[0].granted if seen else None
    roles = next((one.roles for one in seen if one.roles is not None), None)
    surplus = [
        GrantRow(right.name, right.kind, right.why, "more_than_needed", right.proof_words, about.proved_at)
        for right in about.surplus
        if _is_there_yet(right, granted, roles)
    ]
    known = {right.name for right in (*about.permissions, *about.surplus)}
    extra = (
        GrantRow(name, "permission", "", "more_than_needed", NOT_IN_PLAN, seen[0].at)
        for name in sorted(set(granted or ()) - known)
    )
    permissions = (_permission(right, about, seen) for right in about.permissions)
    return (*permissions, *(_role(right, about, seen) for right in about.roles), *surplus, *extra)


def _is_there_yet(right: HeldRight, granted: frozenset[str] | None, roles: frozenset[str] | None) -> bool:
    if right.kind == "role":
        return roles is None or not right.role_id or right.role_id in roles
    return granted is None or right.name in granted


def _permission(right: HeldRight, about: RegistrationView, seen: Sequence[Seen]) -> GrantRow:
    if not seen or right.state == "left_out":
        return _proved(right, about)
    now, gone = seen[0], right.proof == "removed"
    if provisioning.holds(right.name, now.granted):
        covered = right.instead in now.granted and right.name not in now.granted
        wider, words = right.instead, IN_TOKEN
        words = f"Covered by {wider}, which is wider. {words}" if covered else words
        return GrantRow(right.name, right.kind, right.why, "more_than_needed" if gone else "as_planned", words, now.at)
    if gone:
        return GrantRow(right.name, right.kind, right.why, "as_planned", right.proof_words, now.at)
    before = next((one.at for one in seen if provisioning.holds(right.name, one.granted)), _proved_at(right, about))
    return GrantRow(right.name, right.kind, right.why, "missing", NOT_IN_TOKEN, now.at, before)


def _role(right: HeldRight, about: RegistrationView, seen: Sequence[Seen]) -> GrantRow:
    readable = [one for one in seen if one.roles is not None]
    if not readable:
        return _proved(right, about)
    now = seen[0]
    before = next((one.at for one in readable if right.role_id in (one.roles or ())), _proved_at(right, about))
    if now.roles is None:
        return GrantRow(right.name, right.kind, right.why, "unknown", UNREAD, now.at, before)
    if right.role_id in now.roles:
        words = CALLED_BY_NOBODY if right.in_token else READ_BACK
        return GrantRow(right.name, right.kind, right.why, "as_planned", words, now.at)
    words = NO_ROLE if right.in_token else NO_ROLE_OF_UNIT
    return GrantRow(right.name, right.kind, right.why, "missing", words, now.at, before)


def _proved(right: HeldRight, about: RegistrationView) -> GrantRow:
    return GrantRow(right.name, right.kind, right.why, right.state, right.proof_words, _proved_at(right, about))


def _proved_at(right: HeldRight, about: RegistrationView) -> datetime | None:
    """When it was proved; None for what never was."""
    return None if right.proof == "unknown" else about.proved_at
