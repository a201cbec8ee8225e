"""The language that an organization's people are spoken to in: its own, else that of the nearest level above it."""

from uuid import UUID

from gangway.languages.choice import ENGLISH, known
from gangway.organizations.models import Organization
from gangway.organizations.scope import Door, through


def language_of(organization_id: UUID) -> str:
    """Return the language of an organization; English where nobody set one, or there is none such."""
    with through(Door.ANCESTORS):
        path = Organization.objects.filter(pk=organization_id).values_list("path", flat=True).first() or ""
        above = [UUID(hex=each) for each in path.strip("/").split("/") if each]
        found = dict(Organization.objects.filter(pk__in=above).exclude(language="").values_list("pk", "language"))
    return known(next((found[each] for each in reversed(above) if each in found), ENGLISH))
