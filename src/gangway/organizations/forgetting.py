"""Forgetting an organization's contacts, once nothing of it is left to tell them of. Sync; call it inside a scope."""

from uuid import UUID

from gangway.organizations.models import ContactRow


def forget_contacts(organization_id: UUID) -> int:
    """Remove who is told of an organization's services, of one that is out of use as well; gives how many."""
    number, _ = ContactRow.objects.filter(organization_id=organization_id).delete()
    return number
