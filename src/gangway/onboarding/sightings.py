"""What a customer's security team wants to know of an invitation: when which link was made, who came by it, from where.

Operators are named; where they sat is their own business. Nothing here opens anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from gangway.onboarding.rows import scope_of_case
from gangway.organizations.scope import current_path, within

MOST: Final = 200
OURS: Final = ("notifications:", "vault:")
"""Events that only say how we work."""
MAILED: Final = "A link was mailed."
WRITTEN_WITHIN: Final = timedelta(seconds=2)
"""So long after a link was made the event that it was made for may be written."""
OURSELVES: Final = "this platform, by itself"
"""Who does what nobody pressed."""


SEEN: Final[Mapping[Event, str]] = {
    Event.INVITATION_ISSUED: "The invitation was made.",
    Event.INVITATION_REVOKED: "The invitation was withdrawn; its links are dead.",
    Event.INVITATION_RESENT: "The mail was sent once more, with a link of its own.",
    Event.INVITATION_ADMINISTRATOR_NAMED: "It was noted which administrator signs in.",
    Event.INVITATION_PLAN_CHANGED: "What is asked for was changed.",
    Event.INVITATION_EXTENDED: "The invitation was given more time.",
    Event.INVITATION_READDRESSED: "The invitation goes to another address now; earlier links are dead.",
    Event.INVITATION_EDITED: "An operator changed the invitation.",
    Event.INVITATION_REPORTED: "Somebody who holds a link did not expect it; the invitation was frozen.",
    Event.INVITATION_UNFROZEN: "An operator let the invitation go on.",
    Event.INVITATION_APPROVAL_AWAITED: "Somebody in the organization has to approve first.",
    Event.INVITATION_REMINDED: "A reminder was mailed.",
    Event.INVITATION_REMINDERS_STOPPED: "No more reminders are wanted.",
    Event.INVITATION_TENANT_CLAIMED: "Somebody who was refused said that theirs is the right Microsoft 365.",
    Event.INVITATION_DOUBT_SEEN: "An operator has seen that somebody was refused.",
    Event.LINKS_REPLACED: "A new link took the place of all earlier ones.",
    Event.LINK_ASKED_FOR: "The holder of a dead link asked for a new one.",
    Event.LINK_COPIED: "An operator copied a link.",
    Event.HANDED_OFF: "A link was mailed to another administrator.",
    Event.HANDOFF_REVOKED: "Another administrator's link was withdrawn.",
    Event.CASE_BEGUN: "Somebody opened a link and pressed Continue.",
    Event.CASE_REOPENED: "Somebody opened a link again and went on.",
    Event.CASE_CHOOSING: "Somebody went back to the page where the way to connect is chosen.",
    Event.CASE_IDENTIFYING: "The page that asks who signs in was opened.",
    Event.CASE_FEATURES_CHOSEN: "It was chosen which optional parts are declined.",
    Event.CASE_TYPING: "The form for an App registration that is there was opened.",
    Event.CASE_PROVING: "What was typed of an App registration is being proved.",
    Event.CASE_KEY_MADE: "A certificate was made for an App registration that is there.",
    Event.CASE_SIGNING_IN: "A sign-in at Microsoft was begun.",
    Event.CASE_SIGNED_IN: "Somebody signed in at Microsoft and was recognized.",
    Event.CASE_PERSON_CONFIRMED: "It was confirmed that another account than the named one signs in.",
    Event.CASE_CONFIRMED: "Account and tenant were confirmed.",
    Event.CASE_PROVISIONING: "Start Provisioning was pressed.",
    Event.CASE_WAITING: "One part is done; another administrator has to finish.",
    Event.CASE_NEEDS_SIGN_IN: "The sign-in ended before everything was done.",
    Event.CASE_FAILED: "It could not be finished.",
    Event.CASE_DONE: "The connection was made and proved.",
    Event.CASE_ABANDONED: "Nobody went on, or the invitation ended; the sign-in was forgotten.",
    Event.CASE_ASSISTED: "An operator opened the wizard together with the customer.",
    Event.SIGN_IN_ASKED: "Microsoft was asked for a sign-in.",
    Event.SIGN_IN_CODE_READY: "Microsoft gave a code, which the page shows.",
    Event.SIGN_IN_RETURNED: "The browser came back from Microsoft.",
    Event.SIGN_IN_CHECKING: "Microsoft answered the sign-in; it is checked whose it is.",
    Event.SIGN_IN_GRANTED: "The sign-in was checked and taken.",
    Event.SIGN_IN_REFUSED: "The sign-in was not taken.",
    Event.SIGN_IN_REPLACED: "A newer sign-in took the place of this one.",
}
"""What happens to an invitation and in its walks through the wizard, as a security team reads it."""

FOR_A_MAIL: Final = frozenset(
    SEEN[event]
    for event in (
        Event.INVITATION_ISSUED,
        Event.INVITATION_RESENT,
        Event.INVITATION_READDRESSED,
        Event.INVITATION_REMINDED,
        Event.LINKS_REPLACED,
        Event.HANDED_OFF,
    )
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that happened: when, what (a sentence, or a state by its name), by whom, from where, what to quote."""

    at: datetime
    what: str
    who: str = ""
    address: str = ""
    reference: str = ""


def sightings_of(invitation_id: UUID) -> tuple[Sighting, ...]:
    """Return what is known of an invitation of the scope and of its walks through the wizard, oldest first."""
    about = invited.invitation(invitation_id)
    cases = list(Case.objects.filter(invitation_id=invitation_id).values_list("pk", flat=True))
    seen, readers = _sign_ins(cases), current_path() or about.organization_path
    told = list(_events(subject_of(invitation_id), readers))
    walked = [one for case_id in cases for one in _events(f"case:{case_id}", readers)]
    return tuple(sorted([*_links(invitation_id, told), *seen, *told, *walked], key=_place))


def sightings_by_link(token: SealedText) -> tuple[Sighting, ...]:
    """Return the same to whoever holds a link of it; empty for one that never was, or was taken from its holder."""
    held = invited.by_token(token)
    if held is None or (isinstance(held, LinkDead) and held.was_taken):
        return ()
    with within(held.organization_path):
        return sightings_of(held.invitation_id)


def sightings_by_case(case_id: UUID) -> tuple[Sighting, ...]:
    """Return the same to somebody inside the wizard. Raises `NoSuchCase`."""
    with scope_of_case(case_id):
        return sightings_of(Case.objects.values_list("invitation_id", flat=True).get(pk=case_id))


def _place(one: Sighting) -> tuple[bool, datetime, bool, datetime]:
    """Order by time; within a second, a link that was mailed stands behind what it was mailed for."""
    return one.what != SEEN[Event.INVITATION_ISSUED], one.at.replace(microsecond=0), one.what == MAILED, one.at


def _links(invitation_id: UUID, told: list[Sighting]) -> Iterator[Sighting]:
    """Links that were mailed, dated as what they were mailed for; of copied ones an event names who it was."""
    mailed_for = sorted(one.at for one in told if one.what in FOR_A_MAIL)
    for at, kind in invited.links_of(invitation_id):
        if kind == "mailed":
            yield Sighting(next((one for one in mailed_for if at <= one <= at + WRITTEN_WITHIN), at), MAILED)


def _events(subject: str, path: str) -> Iterator[Sighting]:
    for row in activity(organization_path=path, subject=subject, limit=MOST):
        if not row.event.startswith(OURS):
            there = (row.actor_address, row.request_id) if row.actor_kind == "administrator" else ("", "")
            who = OURSELVES if row.actor_kind == "system" else row.actor_name
            yield Sighting(row.at, _what(row.event, str(row.data.get("to", ""))), who, *there)


def _what(event: str, to: str) -> str:
    """Say what happened, or to which state the invitation came; an event that isn't known any more goes by its name."""
    if event == Event.INVITATION_MOVED and to in set(State):
        return to
    return SEEN[Event(event)] if event in set(SEEN) else event


def _sign_ins(cases: list[UUID]) -> Iterator[Sighting]:
    """What Microsoft said about sign-ins that didn't work out, with its own ids to look them up in the tenant."""
    for row in SignIn.objects.filter(case_id__in=cases).exclude(problem={}).order_by("created_at"):
        marks = "; ".join(f"{name} {value}" for name, value in row.problem.get("details", []))
        yield Sighting(
            row.ended_at or row.created_at, row.problem.get("what", ""), str(row.signer.get("upn", "")), "", marks
        )
