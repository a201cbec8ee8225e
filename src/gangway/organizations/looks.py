"""How an organization looks to its customers' administrators: the nearest logo and the nearest colour above them.

Both stand in mails, and at the head of the pages behind a link. Each is found for itself: a channel may have a logo of
its own and the provider's colour.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.organizations.colours import check_colour
from gangway.organizations.errors import NoSuchOrganization, WrongPlace
from gangway.organizations.hosts import WITH_HOSTS
from gangway.organizations.logos import Logo, nearest_logo
from gangway.organizations.models import Organization
from gangway.organizations.scope import Door, through


@dataclass(frozen=True, slots=True)
class Look:
    """A logo, a colour as #rrggbb, or neither."""

    logo: Logo | None = None
    colour: str = ""


def look_at(path: str) -> Look:
    """Return how the organization at `path` looks: by what is its own, else by what is nearest above it."""
    above = [UUID(hex=each) for each in path.strip("/").split("/") if each]
    with through(Door.ANCESTORS):
        found = dict(Organization.objects.filter(pk__in=above).exclude(colour="").values_list("pk", "colour"))
    nearest = next((found[each] for each in reversed(above) if each in found), "")
    return Look(nearest_logo(path), nearest)


def look_of(organization_id: UUID) -> Look:
    """Return the same for an organization by its id. Raises `NoSuchOrganization`."""
    with through(Door.ANCESTORS):
        path = Organization.objects.filter(pk=organization_id).values_list("path", flat=True).first()
    if path is None:
        raise NoSuchOrganization
    return look_at(path)


def own_colour(organization_id: UUID) -> str:
    """Return the colour that an organization of the scope has itself; empty where the level above tells it."""
    return Organization.objects.filter(pk=organization_id).values_list("colour", flat=True).first() or ""


@transaction.atomic
def set_colour(organization_id: UUID, *, colour: str, by: Actor) -> None:
    """Give a provider or channel of the scope its colour; an empty one takes it away.

    Raises `NoSuchOrganization`, `WrongPlace`, and at "colour" `NotAColour` and `ColourTooPale`.
    """
    where = Organization.objects.select_for_update(of=("self",)).filter(pk=organization_id, removed_at=None).first()
    if where is None:
        raise NoSuchOrganization
    if where.kind not in WITH_HOSTS:
        raise WrongPlace
    wanted, before = check_colour(colour), where.colour
    if wanted == before:
        return
    where.colour = wanted
    where.save(update_fields=["colour"])
    facts = {"name": where.name, "changed": "colour", "before": before, "after": wanted}
    record(Event.ORGANIZATION_CHANGED, by=by, organization_id=where.pk, subject=f"organization:{where.pk}", data=facts)
