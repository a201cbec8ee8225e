"""People of a customer are forgotten some time after their service is gone: addresses, names, what was mailed to them.

What happened stays, with ids. The activity log's own names are erased by its owner (`gangway audit erase`), since no
process that serves people may change it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from gangway.alarms.forgetting import forget_told
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections.forgetting import forget_user
from gangway.invitations.forgetting import forget_recipients
from gangway.notifications.forgetting import forget_calls, forget_messages
from gangway.onboarding import disconnections
from gangway.onboarding.models import Case, SignIn
from gangway.organizations.forgetting import forget_contacts
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.forgetting import forget_signers
from gangway.services.actions import note_forgotten
from gangway.services.queries import all_forgotten, gone_for_long, service

WORKER: Final = Actor.system("retention")
log = structlog.get_logger(__name__)


def forget_people(*, now: datetime) -> int:
    """Forget the people of services that are gone for long; gives how many services were looked through."""
    before = now - timedelta(days=settings.GANGWAY.contact_days)
    with within_everything("services of everybody that are gone for long"):
        rows = gone_for_long(before=before)
    for service_id in rows:
        with within_everything("a worker is given a service by its id"):
            about = service(service_id)
        with within(about.customer_path), transaction.atomic():
            _forget(service_id, about.customer_id, now=now)
    return len(rows)


def _forget(service_id: UUID, organization_id: UUID, *, now: datetime) -> None:
    note_forgotten(service_id=service_id, now=now)
    if all_forgotten(organization_id):
        forget_contacts(organization_id)
    cases = list(Case.objects.filter(service_id=service_id).values_list("pk", flat=True))
    Case.objects.filter(pk__in=cases).update(administrator_upn="", colleague="", signer={}, problem={})
    SignIn.objects.filter(case_id__in=cases).update(upn="", problem={})
    forget_messages([*forget_recipients(service_id), *cases, service_id])
    _forget_alarms(service_id, organization_id)
    forget_signers(service_id)
    forget_user(service_id)
    disconnections.forget(service_id)
    record(
        Event.CONTACTS_ERASED,
        by=WORKER,
        organization_id=organization_id,
        subject=f"service:{service_id}",
        data={"cases": len(cases)},
    )


def _forget_alarms(service_id: UUID, organization_id: UUID) -> None:
    bundles = forget_told(service_id, organization_id=organization_id)
    with within_everything("whoever looks after a customer was told of its alarms, too"):
        forget_messages(bundles)
        forget_calls(bundles)
