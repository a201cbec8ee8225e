"""What a customer's security team wants to know of an invitation: when which link was made, who came by it, from where.

Operators are named; where they sat is their own business. Nothing here opens anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.invitations.letters import subject_of
from gangway.invitations.queries import LinkDead
from gangway.invitations.states import State
from gangway.onboarding.models import Case, SignIn
from gangway.organizations.scope import within

MOST: Final = 200
OURS: Final = ("notifications:", "vault:")
"""Events that only say how we work."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that happened: when, what (an event's name or a sentence), by whom, from where, and what to quote."""

    at: datetime
    what: str
    who: str = ""
    address: str = ""
    reference: str = ""


def sightings_of(invitation_id: UUID) -> tuple[Sighting, ...]:
    """Return what is known of an invitation of the scope and of its walks through the wizard, oldest first."""
    about = invited.invitation(invitation_id)
    cases = list(Case.objects.filter(invitation_id=invitation_id).values_list("pk", flat=True))
    seen = [*_links(invitation_id), *_sign_ins(cases)]
    for subject in (subject_of(invitation_id), *(f"case:{case_id}" for case_id in cases)):
        seen += _events(subject, about.organization_path)
    return tuple(sorted(seen, key=lambda one: one.at))


def sightings_by_link(token: SealedText) -> tuple[Sighting, ...]:
    """Return the same to whoever holds a link of it; empty for one that never was, or was taken from its holder."""
    held = invited.by_token(token)
    if held is None or (isinstance(held, LinkDead) and held.was_taken):
        return ()
    with within(held.organization_path):
        return sightings_of(held.invitation_id)


def _links(invitation_id: UUID) -> Iterator[Sighting]:
    for at, kind in invited.links_of(invitation_id):
        yield Sighting(at, "A link was mailed." if kind == "mailed" else "An operator copied a link.")


def _events(subject: str, path: str) -> Iterator[Sighting]:
    for row in activity(organization_path=path, subject=subject, limit=MOST):
        if not row.event.startswith(OURS):
            there = (row.actor_address, row.request_id) if row.actor_kind == "administrator" else ("", "")
            yield Sighting(row.at, _what(row.event, str(row.data.get("to", ""))), row.actor_name, *there)


def _what(event: str, to: str) -> str:
    """Say where an invitation came to; other events go by their names."""
    return State(to).words if event == Event.INVITATION_MOVED and to in set(State) else event


def _sign_ins(cases: list[UUID]) -> Iterator[Sighting]:
    """What Microsoft said about sign-ins that didn't work out, with its own ids to look them up in the tenant."""
    for row in SignIn.objects.filter(case_id__in=cases).exclude(problem={}).order_by("created_at"):
        marks = "; ".join(f"{name} {value}" for name, value in row.problem.get("details", []))
        yield Sighting(row.ended_at or row.created_at, row.problem.get("what", ""), row.upn, "", marks)
