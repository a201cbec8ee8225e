"""Forgetting one of our own people who has left: nothing stays that tells who they were. For the database's owner."""

from django.db import transaction

from gangway.accounts.errors import HasARole
from gangway.accounts.models import OperatorInvitation
from gangway.audit import keeping
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.notifications import outbox
from gangway.notifications.forgetting import forget_mails_to
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
    name = forget_person(person) if person else ""
    invitations.delete()
    outbox.withdraw_mails_to(address, by=by)
    forget_mails_to(address)
    whose = str(person or "")
    number = keeping.erase_person(subjects=subjects, address=address, actor_id=whose, name=name, by=by)
    record(Event.OPERATOR_FORGOTTEN, by=by, organization_id=system(), subject=subjects[0], data={"entries": number})
    return number
