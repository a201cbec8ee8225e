"""Forgetting whom alarms told and named, once their service is gone for long. Sync; call it inside a scope.

That there was an alarm, when, and how each notice went stays.
"""

from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.alarms.models import Alarm, Notice
from gangway.alarms.states import Audience, Kind
from gangway.organizations.search import words
from gangway.organizations.told import contacts_of

FORGOTTEN: Final = "An address that was forgotten"


def forget_told(service_id: UUID, *, organization_id: UUID) -> list[UUID]:
    """Empty the addresses of a service's contacts in notices that are over, and the names in its alarms.

    Gives the bundles whose mails and calls name somebody, or tell contacts of nothing else that is still known.
    """
    mine = Notice.objects.filter(alarm__service_id=service_id, ended_at__isnull=False)
    told = mine.filter(audience=Audience.CONTACT.value).exclude(to="")
    addresses, bundles = set(told.values_list("to", flat=True)), _bundles(told)
    told.update(to="")
    naming = [*Alarm.objects.filter(service_id=service_id, kind=Kind.DISCONNECTED.value)]
    naming += _about(addresses, service_id, organization_id)
    for alarm in naming:
        _empty(alarm)
    bundles |= _bundles(Notice.objects.filter(alarm__in=naming))
    others = Notice.objects.filter(bundle__in=bundles, audience=Audience.CONTACT.value).exclude(to="")
    return sorted(bundles - _bundles(others))


def _about(addresses: set[str], service_id: UUID, organization_id: UUID) -> QuerySet[Alarm]:
    """Alarms about an address of a contact, unless the customer's other services still tell it.

    Those of the service itself are about an address that nothing but an advance notice went to.
    """
    known = {one.email for one in contacts_of(organization_id)}
    known |= set(Notice.objects.filter(organization_id=organization_id).values_list("to", flat=True))
    undelivered = Alarm.objects.filter(organization_id=organization_id, kind=Kind.UNDELIVERED.value)
    return undelivered.filter(Q(about__in=addresses) | Q(service_id=service_id)).exclude(about__in=known)


def _bundles(notices: QuerySet[Notice]) -> set[UUID]:
    return {one for one in notices.values_list("bundle", flat=True) if one is not None}


def _empty(alarm: Alarm) -> None:
    if alarm.kind == Kind.UNDELIVERED:
        alarm.subject, alarm.about = f"address:{alarm.pk}", FORGOTTEN
    alarm.words, alarm.search_words = "", words(alarm.about)
    alarm.save(update_fields=["subject", "about", "words", "search_words"])
