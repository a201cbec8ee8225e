"""What may be known of sealed texts without opening them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q

from gangway.vault.models import Sealed


def ever_sealed_to(sealed_ids: Iterable[UUID], number: int) -> frozenset[UUID]:
    """Return those of the sealed texts that this key opens, or once opened: whoever had it may know them.

    What was sealed anew since then is as old as before, so it counts if it is older than the key after this one.
    """
    then = Q(key_number=number)
    followed = _made_at(number + 1)
    if followed is not None:
        then |= Q(key_number__gt=number, created_at__lt=followed)
    rows = Sealed.objects.filter(then, pk__in=list(sealed_ids), ciphertext__isnull=False)
    return frozenset(rows.values_list("pk", flat=True))


def counts_by_key() -> dict[int, int]:
    """Count what is sealed to each key, without what was destroyed."""
    rows = Sealed.objects.filter(ciphertext__isnull=False).order_by("key_number").values_list("key_number")
    return dict(rows.annotate(number=Count("pk")))


def _made_at(number: int) -> datetime | None:
    folder = settings.GANGWAY.sealing_public_keys_dir
    file = folder / f"{number}.public" if folder else None
    if file is None or not file.is_file():
        return None
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
