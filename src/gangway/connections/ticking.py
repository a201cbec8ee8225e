"""Ticking off what an emergency left open, once its credential was renewed after all. In the caller's transaction."""

from datetime import datetime
from typing import Final

from gangway.connections.kept import Kept
from gangway.connections.models import Companion, EmergencyItem
from gangway.connections.states import Deed, ItemState

LEFT_OPEN: Final = (ItemState.NEEDS_CUSTOMER.value, ItemState.FAILED.value, ItemState.UNTOUCHED.value)
SINCE: Final = "It was renewed since."


def renewed(kept: Kept, *, now: datetime) -> None:
    """What wasn't rotated by an emergency has another credential by now."""
    items = EmergencyItem.objects.filter(emergency__deed=Deed.ROTATE.value, credential_id__isnull=True)
    about = {"companion_id": kept.pk} if isinstance(kept, Companion) else {"connection_id": kept.pk, "companion": None}
    items.filter(state__in=LEFT_OPEN, **about).update(state=ItemState.DONE.value, words=SINCE, changed_at=now)
