"""Everything that the activity log tells of one service, whatever room wrote it down. Call it inside a scope."""

from typing import Final
from uuid import UUID

from gangway.invitations.letters import subject_of
from gangway.invitations.queries import invitations_of
from gangway.onboarding.models import Case
from gangway.provisioning.story import subjects_of

MOST: Final = 200
"""Of each kind; older ones are found in the log itself."""


def subjects_of_service(service_id: UUID) -> tuple[str, ...]:
    """Return what the log's entries about a service are about: itself, its invitations, walks, runs and credentials."""
    invitations = invitations_of(service_id, most=MOST)
    cases = Case.objects.filter(invitation_id__in=invitations).order_by("-created_at")[:MOST]
    return (
        f"service:{service_id}",
        *(subject_of(invitation_id) for invitation_id in invitations),
        *(f"case:{case_id}" for case_id in cases.values_list("pk", flat=True)),
        *subjects_of(service_id, most=MOST),
    )
