"""The plan on the way aboard: what an administrator declines, what an operator asks for instead, who agreed to what."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.invitations import plans as pinned
from gangway.invitations import queries as invited
from gangway.invitations.errors import PlanIsFixed, PlanMoved
from gangway.invitations.queries import InvitationView
from gangway.onboarding.errors import PlanIsOther
from gangway.onboarding.models import Case
from gangway.provisioning import queries as provisioning
from gangway.provisioning.queries import Change, PlanChanged, UnitNotNamed


def decline(case: Case, *, declined: Collection[str], unit: str, seen: str, by: Actor, now: datetime) -> str:
    """Keep what the administrator of a locked case says no to, and which administrative unit they name.

    Returns the fingerprint of the plan that comes of it. Raises `PlanChanged` when the plan isn't the one that was
    seen, `PlanIsFixed`, and UnitMalformed at "unit".
    """
    about = invited.invitation(case.invitation_id)
    if case.handoff_id is not None:
        raise PlanIsFixed
    if about.plan_fingerprint != seen:
        raise PlanChanged
    plan = provisioning.with_declined(about.plan, declined, unit=unit)
    told = provisioning.explain(plan)
    names = [feature.title for feature in told.declined]
    pinned.change_plan(
        invitation_id=about.id,
        seen=seen,
        plan=plan,
        plan_fingerprint=told.fingerprint,
        event=Event.CASE_FEATURES_CHOSEN,
        facts={"declined": ", ".join(feature.key for feature in told.declined), "unit": told.unit},
        note=f"Declined: {', '.join(names)}" if names else "Everything that was asked for was accepted",
        by=by,
        now=now,
        still_agreed=True,
    )
    return told.fingerprint


def agree(case: Case, *, seen: str) -> None:
    """Keep that somebody goes on with the plan they saw; an empty `seen` is the plan as it is.

    Raises `PlanChanged` when it is another one by now, UnitNotNamed at "unit" when nobody said which one limits roles.
    """
    about = invited.invitation(case.invitation_id)
    told = provisioning.explain(about.plan)
    if told.needs_unit and not told.unit:
        raise UnitNotNamed(field="unit")
    try:
        pinned.agree(invitation_id=about.id, seen=seen or about.plan_fingerprint)
    except PlanMoved as error:
        raise PlanChanged from error


def is_agreed(about: InvitationView) -> bool:
    """Whether the plan is still the one that was agreed to."""
    return about.agreed_fingerprint in {"", about.plan_fingerprint}


def changes_since(invitation_id: UUID, seen: str) -> tuple[Change, ...]:
    """What is different from the plan that somebody saw or agreed to; nothing for one that never was."""
    about = invited.invitation(invitation_id)
    before = pinned.earlier_plan(invitation_id, seen) if seen else None
    return provisioning.difference(before, about.plan) if before else ()


@transaction.atomic
def ask_otherwise(*, invitation_id: UUID, seen: str, plan: dict[str, Any], by: Actor, now: datetime) -> None:
    """Ask the administrator for something else; what they declined stays declined where it can be.

    The operator's action: call it inside the operator's scope. Raises `PlanIsOther` when somebody changed it first,
    `PlanIsFixed`, `NoSuchInvitation`.
    """
    about = invited.invitation(invitation_id)
    before = provisioning.explain(about.plan)
    wanted = provisioning.with_declined(plan, [feature.key for feature in before.declined])
    told = provisioning.explain(wanted)
    changes = provisioning.difference(about.plan, wanted)
    try:
        pinned.change_plan(
            invitation_id=invitation_id,
            seen=seen,
            plan=wanted,
            plan_fingerprint=told.fingerprint,
            event=Event.INVITATION_PLAN_CHANGED,
            facts={"changes": "; ".join(f"{change.kind}: {change.what}" for change in changes)},
            note="What is asked for was changed",
            by=by,
            now=now,
        )
    except PlanMoved as error:
        raise PlanIsOther from error
