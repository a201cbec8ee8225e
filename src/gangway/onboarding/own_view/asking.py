"""Asking a customer to sign in, so that what nobody here may remove goes with their right.

Their contacts are told by mail where, since the address is fixed and a link would be one more thing to lose. The alarm
stands until nothing remains.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.queries import open_subjects
from gangway.alarms.states import Kind, Severity
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.own_view.errors import NothingRemains
from gangway.organizations.scope import within_everything
from gangway.provisioning.remains import remains_of
from gangway.services.queries import service

TELL: Final = "onboarding:ask_customer_to_remove"
WORKER: Final = Actor.system("leftovers")
SUBJECT: Final = "removal:"


@transaction.atomic
def ask_customer(service_id: UUID, *, by: Actor) -> None:
    """*Ask the customer to sign in*: their contacts are told where. In a scope. Raises `NothingRemains`."""
    about = service(service_id)
    if not remains_of(service_id):
        raise NothingRemains
    facts = {"short_name": about.short_name}
    subject = f"service:{service_id}"
    record(Event.REMOVAL_ASKED, by=by, organization_id=about.customer_id, subject=subject, data=facts)
    defer(TELL, service_id=str(service_id))


def tell(service_id: UUID, *, now: datetime) -> None:
    """Raise the alarm that asks, once more for every time that somebody asked. For workers."""
    with within_everything("who is told stands above the customer"), transaction.atomic():
        about, key = service(service_id), _key(service_id, now=now)
        if not remains_of(service_id):
            return
        address = fixed_address(about.customer_id)
        raise_alarm(
            **key,
            service_id=service_id,
            about=about.short_name,
            severity=Severity.WARNING,
            words="Something of it remains in the customer's tenant; they were asked to sign in and remove it.",
            cure=f"Their contacts know the address. Who has none reads it from you: {address}",
            for_contacts=f"Sign in at {address} and choose “Sign in to remove what remains”: it names each thing.",
            again=True,
        )


def clear_answered(*, now: datetime) -> None:
    """End the alarms of which nothing remains any more. For workers."""
    with within_everything("alarms of all organizations"), transaction.atomic():
        for subject in open_subjects(Kind.NEEDS_CUSTOMER, begins=SUBJECT):
            service_id = UUID(subject.removeprefix(SUBJECT))
            if not remains_of(service_id):
                clear_alarm(**_key(service_id, now=now), why="Nothing remains.")


def _key(service_id: UUID, *, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": service(service_id).customer_id,
        "kind": Kind.NEEDS_CUSTOMER,
        "subject": f"{SUBJECT}{service_id}",
        "by": WORKER,
        "now": now,
    }
