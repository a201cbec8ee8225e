"""Forgetting to whom mails went, once what they were about is gone for long. Sync; call it inside a scope."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q

from gangway.notifications.models import Call, Message
from gangway.notifications.states import DeliveryState


def forget_messages(about: Iterable[UUID]) -> int:
    """Empty the addresses and texts of mails about these ids that are over; that they went out, and when, stays.

    What a service uses beside its connection is named after the service's id. Gives how many were emptied.
    """
    return sum(_empty(Q(subject_ref__endswith=f":{one}") | Q(subject_ref__contains=f":{one}:")) for one in about)


def forget_named(subject_refs: Collection[str]) -> int:
    """Empty the mails and calls that are over and are about exactly this, whoever they went to; gives how many."""
    named = Q(subject_ref__in=subject_refs)
    return _empty(named) + Call.objects.filter(named, state__in=_over()).exclude(body={}).update(body={})


def forget_mails_to(address: str) -> int:
    """Empty the addresses and texts of mails to somebody that are over, whatever they are about; gives how many."""
    return _empty(Q(to__iexact=address))


def _empty(named: Q) -> int:
    rows = Message.objects.filter(named, state__in=_over()).exclude(to="", context={})
    return rows.update(to="", context={})


def _over() -> list[str]:
    return [DeliveryState.SENT.value, DeliveryState.FAILED.value, DeliveryState.BOUNCED.value]
