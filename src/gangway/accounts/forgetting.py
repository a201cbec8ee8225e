"""Forgetting one of our own people who has left: nothing stays that tells who they were. For the database's owner."""

from uuid import UUID

from django.db import transaction

from gangway.accounts.errors import HasARole
from gangway.accounts.models import OperatorInvitation
from gangway.audit import keeping
from gangway.audit.events import Event
from gangway.audit.queries import MOST_ROWS, Sought, activity
from gangway.audit.record import Actor, record
from gangway.notifications import outbox
from gangway.notifications.forgetting import forget_mails_to, forget_named
from gangway.organizations.actions import system
from gangway.organizations.errors import NoSuchOperator
from gangway.organizations.forgetting import forget_person
from gangway.organizations.people_queries import home_of, person_by_address


@transaction.atomic
def forget_operator(email: str, *, by: Actor) -> int:
    """Delete the account and invitations of an address, and erase its names from the log; gives in how many entries.

    Whoever was only invited is forgotten likewise. Raises `NoSuchOperator`, and `HasARole` while there is a role.
    """
    address = email.strip().lower()
    person, invitations = person_by_address(address), OperatorInvitation.objects.filter(email=address)
    subjects = [f"operator:{person}"] if person else []
    subjects += [f"operator_invitation:{one.pk}" for one in invitations]
    if not subjects:
        raise NoSuchOperator
    if person and home_of(person):
        raise HasARole
    former = _former(person) if person else []
    name = forget_person(person) if person else ""
    invitations.delete()
    outbox.withdraw_mails_to(address, by=by)
    forget_mails_to(address)
    for subject in subjects:
        outbox.withdraw(subject_ref=subject, by=by)
    forget_named(subjects)
    whose = str(person or "")
    number = sum(
        keeping.erase_person(subjects=subjects, address=each, actor_id=whose, name=name, by=by)
        for each in (address, *former)
    )
    record(Event.OPERATOR_FORGOTTEN, by=by, organization_id=system(), subject=subjects[0], data={"entries": number})
    return number


def _former(person: UUID) -> list[str]:
    """Return the addresses that somebody had or wanted before, and that nobody else has by now."""
    sought = (Event.OPERATOR_READDRESSED, Event.OPERATOR_ADDRESS_ASKED)
    entries = [
        entry
        for event in sought
        for entry in activity(
            organization_path=f"{system().hex}/",
            subject=f"operator:{person}",
            sought=Sought(event=event),
            limit=MOST_ROWS,
        )
    ]
    named = {str(change.before) for entry in entries for change in entry.changes}
    named |= {str(entry.data.get("wanted", "")) for entry in entries}
    return sorted(each for each in named if "@" in each and person_by_address(each) is None)
