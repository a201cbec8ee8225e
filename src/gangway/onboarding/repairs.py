"""What a case of an invitation to repair or renew has to do on a registration that is there. Reads.

To repair: what is missing now, by the connection's last looks. To renew: another credential, and that.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gangway.connections.repairs import Repair, repair_of
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.queries import InvitationView
from gangway.onboarding.models import Case
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.mending import Mending
from gangway.provisioning.renewable import mends_only

MENDS: Final = frozenset({Purpose.REPAIR, Purpose.MOVE})
"""What is asked for to add what is missing; the credential in use is kept while it is good."""
RENEWED: Final = "renewed"
"""Why there is another credential in a renewal; its own words say it."""


def repair_for(case: Case, *, now: datetime) -> Repair | None:
    """Return what a case's invitation has to do where its registration is; None when it is about something else."""
    return repair_asked(invited.invitation(case.invitation_id), now=now)


def repair_asked(about: InvitationView, *, now: datetime) -> Repair | None:
    """The same for an invitation."""
    return asked_by(about.purpose, about.service_id, about.registration_id, about.plan, now=now)


def asked_by(
    purpose: str, service_id: UUID, registration_id: UUID, plan: Mapping[str, Any], *, now: datetime
) -> Repair | None:
    """The same before there is an invitation."""
    if purpose not in MENDS | {Purpose.RENEW}:
        return None
    found = repair_of(service_id, registration_id, plan, now=now)
    if found is None or purpose in MENDS:
        return found
    return Repair(_renewed(found.own), {profile: _renewed(one) for profile, one in found.beside.items()})


def _renewed(one: Mending) -> Mending:
    """The same with another credential, whatever becomes of the one in use."""
    return replace(one, parts=one.parts | {Part.REGISTRATION}, renews=one.renews or RENEWED)


def ended_meanwhile(case: Case, *, now: datetime) -> bool:
    """Whether a repair that rests was to keep a credential that isn't good any more: then another one is made."""
    if case.run_id is None or not mends_only(case.run_id):
        return False
    repair = repair_for(case, now=now)
    return repair is not None and bool(repair.own.renews)
