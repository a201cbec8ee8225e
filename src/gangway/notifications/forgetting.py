"""Forgetting to whom mails went, once what they were about is gone for long. Sync; call it inside a scope."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from gangway.notifications.models import Call, Message
from gangway.notifications.states import DeliveryState


def forget_messages(about: Iterable[UUID]) -> None:
    """Empty the addresses and texts of mails about these ids that are over; that they went out, and when, stays.

    What a service uses beside its connection is named after the service's id.
    """
    for one in about:
        named = Q(subject_ref__endswith=f":{one}") | Q(subject_ref__contains=f":{one}:")
        Message.objects.filter(named, state__in=_over()).update(to="", context={})


def forget_calls(about: Iterable[UUID]) -> None:
    """Empty what webhooks were told about these ids in calls that are over."""
    for one in about:
        Call.objects.filter(subject_ref__endswith=f":{one}", state__in=_over()).update(body={})


def _over() -> list[str]:
    return [DeliveryState.SENT.value, DeliveryState.FAILED.value, DeliveryState.BOUNCED.value]
