"""What may be known of sealed texts without opening them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count

from gangway.vault.models import Sealed


def sealed_to(sealed_ids: Iterable[UUID], number: int) -> frozenset[UUID]:
    """Return those of the sealed texts that are sealed to this key."""
    rows = Sealed.objects.filter(pk__in=list(sealed_ids), key_number=number, ciphertext__isnull=False)
    return frozenset(rows.values_list("pk", flat=True))


def counts_by_key() -> dict[int, int]:
    """Count what is sealed to each key, without what was destroyed."""
    rows = Sealed.objects.filter(ciphertext__isnull=False).order_by("key_number").values_list("key_number")
    return dict(rows.annotate(number=Count("pk")))
