"""People of a customer are forgotten some time after their service is gone: addresses, names, what was mailed to them.

What happened stays, with ids, in the activity log too, whose chain holds only a digest of names. What else stands there
of a person, its owner erases (`gangway audit erase`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from gangway.alarms.forgetting import forget_told
from gangway.alarms.telling import subject_of
from gangway.audit import keeping
from gangway.audit.record import Actor
from gangway.connections.forgetting import forget_user
from gangway.invitations.forgetting import forget_recipients
from gangway.notifications.forgetting import forget_messages, forget_named
from gangway.onboarding import disconnections
from gangway.onboarding.models import Case, SignIn
from gangway.organizations.forgetting import forget_contacts
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.forgetting import forget_signers
from gangway.services.actions import note_forgotten
from gangway.services.queries import all_forgotten, gone_for_long, service

WORKER: Final = Actor.system("retention")
MOST: Final = 500
"""Services looked through at once."""
NOBODY: Final[Mapping[str, Any]] = {"administrator_upn": "", "colleague": "", "signer": {}, "problem": {}}
"""A case that names nobody."""
WHERE: Final = frozenset({"tenant_id", "tenant_name"})
"""What is kept of who signed in: where that was, for what the sign-in application left there."""
log = structlog.get_logger(__name__)


def forget_people(*, now: datetime) -> int:
    """Forget the people of services that are gone for long, at most `MOST`; gives how many it looked through."""
    before = now - timedelta(days=settings.GANGWAY.contact_days)
    with within_everything("services of everybody that are gone for long"):
        rows = gone_for_long(before=before, most=MOST)
    for service_id in rows:
        with within_everything("a worker is given a service by its id"):
            about = service(service_id)
        with within(about.customer_path), transaction.atomic():
            _forget(service_id, about.customer_id, now=now)
    return len(rows)


def _forget(service_id: UUID, organization_id: UUID, *, now: datetime) -> None:
    note_forgotten(service_id=service_id, now=now)
    cases = Case.objects.filter(service_id=service_id)
    case_ids = list(cases.values_list("pk", flat=True))
    invited = forget_recipients(service_id)
    if all_forgotten(organization_id):
        forget_contacts(organization_id)
    cases.exclude(**NOBODY).update(**NOBODY)
    _forget_sign_ins(case_ids)
    forget_messages([*invited, *case_ids, service_id])
    _forget_alarms(service_id, organization_id)
    made = forget_signers(service_id)
    forget_user(service_id)
    disconnections.forget(service_id)
    about = [service_id, *invited, *case_ids, *made]
    keeping.forget(organization_id=organization_id, subject=f"service:{service_id}", ids=about, by=WORKER)


def _forget_sign_ins(case_ids: list[UUID]) -> None:
    for row in SignIn.objects.filter(case_id__in=case_ids):
        if row.upn or row.problem or row.signer.keys() - WHERE:
            row.upn, row.problem = "", {}
            row.signer = {key: value for key, value in row.signer.items() if key in WHERE}
            row.save(update_fields=["upn", "problem", "signer"])


def _forget_alarms(service_id: UUID, organization_id: UUID) -> int:
    bundles = forget_told(service_id, organization_id=organization_id)
    with within_everything("whoever looks after a customer was told of its alarms, too"):
        return forget_named([subject_of(bundle) for bundle in bundles])
