"""Ticking off what an emergency left open, once its credential was renewed, or removed, after all."""

from datetime import datetime
from typing import Final

from django.db.models import Q

from gangway.connections.kept import Kept
from gangway.connections.models import Companion, EmergencyItem
from gangway.connections.states import Deed, ItemState
from gangway.federation.queries import signing_since
from gangway.provisioning.renewable import living, proved_ids, renewable

LEFT_OPEN: Final = (ItemState.NEEDS_CUSTOMER.value, ItemState.FAILED.value, ItemState.UNTOUCHED.value)
QUEUES: Final = ItemState.WAITING.value
SINCE: Final = "It was renewed since."
GONE: Final = "It was removed since."
PLATFORMS_KEY: Final = (
    "It has no secret of its own: it signs in with tokens that the platform signs. An engineer renews that key for all"
    " such connections at once, by gangway federation rotate-key --at-once; it is ticked off then."
)
SIGNED_ANEW: Final = "Its tokens are signed with another key since."


def renewed(kept: Kept, *, now: datetime) -> None:
    """What wasn't rotated by an emergency has another credential by now. In the caller's transaction.

    What still queues there is taken out of its line if the new credential was made since the emergency began.
    """
    over = Q(state__in=LEFT_OPEN)
    newest = proved_ids(registration_id=kept.registration_id, service_id=kept.service_id)[:1]
    about = renewable(newest[0]) if newest else None
    if about is not None:
        over |= Q(state=QUEUES, emergency__begun_at__lt=about.made_at)
    whose = {"companion_id": kept.pk} if isinstance(kept, Companion) else {"connection_id": kept.pk, "companion": None}
    items = EmergencyItem.objects.filter(over, emergency__deed=Deed.ROTATE.value, credential_id__isnull=True, **whose)
    open_items = EmergencyItem.objects.filter(pk__in=list(items.values_list("pk", flat=True)))
    open_items.filter(state__in=[*LEFT_OPEN, QUEUES]).update(state=ItemState.DONE.value, words=SINCE, changed_at=now)


def removed(*, now: datetime) -> None:
    """What wasn't in use, but signed in all the same, is gone by now. For workers."""
    items = EmergencyItem.objects.filter(credential_id__isnull=False, state=ItemState.UNTOUCHED.value)
    listed = {one for one in items.values_list("credential_id", flat=True) if one is not None}
    gone = listed - living(listed)
    items.filter(credential_id__in=gone).update(state=ItemState.DONE.value, words=GONE, changed_at=now)


def signed_anew(*, now: datetime) -> None:
    """What the platform signs tokens for, once every key that they may be signed with is younger than the emergency."""
    since = signing_since(now=now)
    if since is not None:
        items = EmergencyItem.objects.filter(state=ItemState.UNTOUCHED.value, words=PLATFORMS_KEY)
        done = items.filter(emergency__begun_at__lt=since)
        done.update(state=ItemState.DONE.value, words=SIGNED_ANEW, changed_at=now)
