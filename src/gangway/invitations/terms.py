"""A provider's terms: how long its invitations last, who may copy their links, and its own words in the mail.

Own words are added to ours, they don't take their place: what is asked for, by whom and until when is always told.
Placeholders come from a list and nothing else is replaced; there is no template language in which one could compute.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, differing, record
from gangway.invitations.errors import PlaceholderUnknown, TermsOutOfBounds, WordsTooLong
from gangway.invitations.models import Terms
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import Door, through

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "customer": "the customer's name",
    "service": "the service's names",
    "provider": "your own name",
    "operator": "who sends the invitation",
    "minutes": "how long it takes",
    "expires": "until when the link is good",
}
"""What may stand in braces, as {customer}, and what comes in its place."""
LONGEST: Final = {"subject": 150, "opening": 1000, "closing": 1000}
LONGEST_LIFE: Final = 90
SHOWN: Final = 3
"""Unknown placeholders that are named in one sentence."""
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TermsView:
    """What holds for an organization's invitations, by the provider above it."""

    life_days: int
    own_life_days: int | None
    """As the provider set it; None: as this server's settings say."""
    may_copy: bool = True
    subject: str = ""
    opening: str = ""
    closing: str = ""


def terms_of(organization_id: UUID) -> TermsView:
    """Return the terms of the provider above (or at) an organization."""
    provider = provider_of(organization_id)
    with through(Door.ANCESTORS):
        row = Terms.objects.filter(organization_id=provider.id).first()
    default: int = settings.GANGWAY.invitation_days
    if row is None:
        return TermsView(default, None)
    words = {"subject": row.subject, "opening": row.opening, "closing": row.closing}
    return TermsView(row.life_days or default, row.life_days, row.may_copy, **words)


def as_long_after(organization_id: UUID, day: date) -> datetime:
    """Until when a link is good that waits for this day: as long after it as a new one would be."""
    return datetime.combine(day, time.max, tzinfo=UTC) + timedelta(days=terms_of(organization_id).life_days)


def forbid_copying() -> frozenset[UUID]:
    """Return the providers that don't let links be copied; their ids tell nobody anything."""
    with through(Door.ANCESTORS):
        return frozenset(Terms.objects.filter(may_copy=False).values_list("organization_id", flat=True))


@transaction.atomic
def set_terms(
    provider_id: UUID,
    *,
    life_days: int | None,
    may_copy: bool,
    subject: str,
    opening: str,
    closing: str,
    by: Actor,
) -> None:
    """Set a provider's terms.

    Raises at its field `TermsOutOfBounds` ("life_days"), `PlaceholderUnknown` and `WordsTooLong`.
    """
    if life_days is not None and not 1 <= life_days <= LONGEST_LIFE:
        raise TermsOutOfBounds(field="life_days")
    wanted = {
        "life_days": life_days,
        "may_copy": may_copy,
        "subject": check_words(subject, field="subject"),
        "opening": check_words(opening, field="opening"),
        "closing": check_words(closing, field="closing"),
    }
    known = Terms.objects.select_for_update(of=("self",)).filter(organization_id=provider_id).first()
    row = known or Terms(organization_id=provider_id)
    before, after = differing({name: getattr(row, name) for name in wanted}, wanted)
    if not after:
        return
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    subject = f"organization:{provider_id}"
    record(Event.TERMS_CHANGED, by=by, organization_id=provider_id, subject=subject, before=before, after=after)


def check_words(typed: str, *, field: str) -> str:
    """Return a provider's own words as they are kept; raises `PlaceholderUnknown` and `WordsTooLong` at `field`."""
    lines = [" ".join(line.split()) for line in typed.strip().splitlines()]
    text = " ".join(lines) if field == "subject" else "\n".join(lines)
    if len(text) > LONGEST[field] or not text.replace("\n", "").isprintable():
        raise WordsTooLong(field=field)
    unknown = [name for name in _BRACES.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        named = ", ".join(f"{{{name}}}" for name in unknown[:SHOWN])
        raise PlaceholderUnknown(f"{named} isn't on the list of placeholders.", field=field)
    if set(_BRACES.sub("", text)) & set("{}"):
        raise PlaceholderUnknown("A brace stands alone: only placeholders stand in braces.", field=field)
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values where their placeholders stand; what came in isn't looked at again."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), text)
