"""Rows of pending invitations as pages show them: each with its word and what may be done with it now."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from gangway.invitations.queries import PendingRow, these
from gangway.invitations.states import AWAITABLE, Doing, State, allowed_for
from gangway.onboarding.existing_view import typed_at_desk
from gangway.onboarding.queries import onboardings_of, unfinished
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import kinds_of
from gangway.web.words import INVITATION, WAITS_FOR, said


def rows_of(rows: Iterable[PendingRow], capabilities: frozenset[Capability]) -> list[dict[str, Any]]:
    """Give each row its pill, its possible moves, and the onboarding that somebody has begun with it."""
    known = list(rows)
    at_desk = typed_at_desk([row.id for row in known if row.state is State.DRAFT])
    begun, kinds = onboardings_of([row.id for row in known]), kinds_of([row.registration_id for row in known])
    return [
        {
            "invitation": row,
            "pill": said(WAITS_FOR, kinds[row.registration_id])
            if row.state is State.WAITING_FOR_ADMINISTRATOR and row.registration_id in kinds
            else said(INVITATION, row.state),
            "onboarding_id": begun.get(row.id) if Capability.ADD_SERVICE in capabilities else None,
            "can": moves(
                row.state, capabilities, may_copy=row.may_copy, purpose=row.purpose, at_desk=row.id in at_desk
            ),
        }
        for row in known
    ]


def begun_rows(capabilities: frozenset[Capability], customer_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the invitations that somebody added and hasn't finished: they are over, but their service isn't there."""
    if Capability.ADD_SERVICE not in capabilities:
        return []
    begun = unfinished(customer_id=customer_id)
    return rows_of(these([one.invitation_id for one in begun]), capabilities) if begun else []


def moves(
    state: State,
    capabilities: frozenset[Capability],
    *,
    may_copy: bool = True,
    purpose: str = "",
    at_desk: bool = False,
) -> dict[str, bool]:
    """Return what somebody with these capabilities may do with an invitation in this state.

    `at_desk`: its registration is typed there, so that there is nobody whom a mail is for.
    """
    allowed, manages = allowed_for(state, purpose), Capability.MANAGE_INVITATIONS in capabilities
    can = {doing.value: manages and doing in allowed for doing in Doing}
    can["add"] = Doing.ADD in allowed and Capability.ADD_SERVICE in capabilities
    can["copy"] = can["copy"] and may_copy
    can["send"] = can["send"] and not at_desk
    can["see_doubt"] = manages
    can["await"] = manages and state in AWAITABLE
    can["change"] = any(can[one] for one in ("edit", "readdress", "extend", "replace", "await"))
    return can
