"""Forgetting an organization's contacts, once nothing of it is left to tell them of, and people who have left.

Sync; call it inside a scope.
"""

from uuid import UUID

from gangway.organizations.models import ContactRow, Operator
from gangway.organizations.signing_out import end_sessions_of


def forget_contacts(organization_id: UUID) -> int:
    """Remove who is told of an organization's services, of one that is out of use as well; gives how many."""
    number, _ = ContactRow.objects.filter(organization_id=organization_id).delete()
    return number


def forget_person(operator_id: UUID) -> str:
    """Delete an account with all ways to sign in to it, so that its address is free again; gives the person's name."""
    person = Operator.objects.get(pk=operator_id)
    end_sessions_of(operator_id)
    person.delete()
    return person.name
