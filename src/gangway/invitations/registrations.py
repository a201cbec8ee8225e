"""Which registration an invitation ends with: one that we make has the id that was pinned, one that exists its own."""

from uuid import UUID

from django.db import transaction

from gangway.invitations.rows import locked


@transaction.atomic
def use_registration(*, invitation_id: UUID, registration_id: UUID) -> None:
    """The registration was there already: the invitation ends with it. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    invitation.registration_id = registration_id
    invitation.save(update_fields=["registration_id"])
