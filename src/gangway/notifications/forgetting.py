"""Forgetting to whom mails went, once what they were about is gone for long. Sync; call it inside a scope."""

from collections.abc import Iterable
from uuid import UUID

from gangway.notifications.models import Message
from gangway.notifications.states import DeliveryState


def forget_messages(about: Iterable[UUID]) -> None:
    """Empty the addresses and texts of mails about these ids that are over; that they went out, and when, stays."""
    over = [DeliveryState.SENT.value, DeliveryState.FAILED.value]
    for one in about:
        Message.objects.filter(subject_ref__endswith=f":{one}", state__in=over).update(to="", context={})
