"""Logos: an organization's own picture, and the nearest one above for those that have none."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.models import LogoRow, Organization
from gangway.organizations.pictures import checked_picture
from gangway.organizations.scope import Door, through


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that was checked when it came in. `digest` changes with it."""

    organization_id: UUID
    digest: str


@dataclass(frozen=True, slots=True)
class LogoFile:
    """The picture itself."""

    media_type: str
    data: bytes


@transaction.atomic
def set_logo(organization_id: UUID, raw: bytes, *, by: Actor) -> None:
    """Put a picture in place of the earlier one; an empty file takes it away.

    Raises `NoSuchOrganization`, and `InvalidPicture` at "logo".
    """
    where = Organization.objects.select_for_update(of=("self",)).filter(pk=organization_id, removed_at=None).first()
    if where is None:
        raise NoSuchOrganization
    picture = checked_picture(raw) if raw else None
    before = LogoRow.objects.filter(organization=where).values_list("media_type", flat=True).first() or ""
    LogoRow.objects.filter(organization=where).delete()
    if picture is not None:
        LogoRow(
            organization=where,
            media_type=picture.media_type,
            data=picture.data,
            digest=hashlib.sha256(picture.data).hexdigest(),
            set_at=clock.now(),
        ).save(force_insert=True)
    facts = {"name": where.name, "changed": "logo", "before": before, "after": picture.media_type if picture else ""}
    record(Event.ORGANIZATION_CHANGED, by=by, organization_id=where.pk, subject=f"organization:{where.pk}", data=facts)


def own_logo(organization_id: UUID) -> Logo | None:
    """Return the logo that an organization of the scope has itself."""
    digest = LogoRow.objects.filter(organization_id=organization_id).values_list("digest", flat=True).first()
    return None if digest is None else Logo(organization_id, digest)


def nearest_logo(path: str) -> Logo | None:
    """Return the logo at the head of pages of the organization at `path`: its own, else the nearest one above."""
    above = [UUID(hex=each) for each in path.strip("/").split("/") if each]
    with through(Door.ANCESTORS):
        rows = LogoRow.objects.filter(organization_id__in=above)
        found = dict(rows.values_list("organization_id", "digest"))
    nearest = next((each for each in reversed(above) if each in found), None)
    return None if nearest is None else Logo(nearest, found[nearest])


def logo_file(logo: Logo) -> LogoFile | None:
    """Return the picture of a logo that was given out by this module; None when it is another one by now."""
    with through(Door.ANCESTORS):
        row = LogoRow.objects.filter(organization_id=logo.organization_id, digest=logo.digest).first()
    return None if row is None else LogoFile(row.media_type, bytes(row.data))
