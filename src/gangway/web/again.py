"""*Invite again*: *Add New Tenant*, filled in with what an invitation that is over was made with."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from gangway.invitations.aims import Purpose
from gangway.invitations.queries import InvitationView, invitation
from gangway.invitations.states import State
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import PlanUnknown, PlanView, explain
from gangway.services.queries import service
from gangway.services.states import Lifecycle


@dataclass(frozen=True, slots=True)
class Again:
    """What fields begin with, and what was asked for; `plan` is None for one that this release doesn't know."""

    first: dict[str, Any]
    plan: PlanView | None


def may_begin_again(about: InvitationView, capabilities: frozenset[Capability]) -> bool:
    """Whether it was for a service that was given up with it, so that its names are free again."""
    over = about.state in {State.EXPIRED, State.REVOKED} and about.purpose == Purpose.CONNECT
    given_up = over and service(about.service_id).lifecycle is Lifecycle.ABANDONED
    return given_up and Capability.ADD_SERVICE in capabilities


def asked_before(request: HttpRequest, customer_id: UUID) -> Again | None:
    """What the address names by `?again=`, if that is an invitation of this customer. Raises `NoSuchInvitation`."""
    try:
        about = invitation(UUID(request.GET.get("again", "")))
    except ValueError:
        return None
    if about.organization_id != customer_id or about.purpose != Purpose.CONNECT:
        return None
    planned, plan = service(about.service_id), None
    with suppress(PlanUnknown):
        plan = explain(about.plan)
    first = {
        "full_name": planned.full_name,
        "short_name": planned.short_name,
        "licence_type": planned.licence.value,
        "licensed_users": planned.licensed_users,
        "recipient": about.recipient,
        "phone": about.recipient_phone,
        "language": about.language,
        "finish_by_itself": about.finish_by_itself,
    }
    if about.life_days is not None:
        first["days"] = about.life_days
    return Again(first, plan)
