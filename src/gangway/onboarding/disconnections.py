"""That a customer's own administrator disconnected a service: who and when, and that its provider's people are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.jobs.actions import defer
from gangway.onboarding import applications
from gangway.onboarding.models import Disconnection
from gangway.organizations.hosts import public_url
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within_everything
from gangway.services.queries import service
from gangway.services.states import Lifecycle

TELL: Final = "onboarding:tell_of_disconnection"
TURNS: Final = 3
LATELY: Final = timedelta(days=1)
"""So often within so long the customer takes back what they disconnected: each time people are called by an alarm."""
KEPT: Final = "It is kept."
BEGUN: Final = "Nobody took it back in time: its removal has begun."
WORKER: Final = Actor.system("customer's own view")


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Who of the customer disconnected a service, and when."""

    upn: str
    at: datetime


def fixed_address(organization_id: UUID) -> str:
    """Return where administrators of an organization's tenant sign in to see and end what is connected."""
    return f"{public_url(organization_id)}/customer/at/{provider_of(organization_id).id}/"


def sign_in_address(organization_id: UUID) -> str:
    """Return the fixed address; empty where it isn't there, since the provider has no sign-in application."""
    return fixed_address(organization_id) if applications.has_one(provider_of(organization_id).id) else ""


def standing(service_id: UUID) -> Disconnected | None:
    """Return the disconnection that nobody took back; None when the customer asked for none. Call it in a scope."""
    row = Disconnection.objects.filter(service_id=service_id, taken_back_at=None).first()
    return None if row is None else Disconnected(row.upn, row.asked_at)


def is_kept_too_often(service_id: UUID, *, now: datetime) -> bool:
    """Whether the customer disconnected and kept it in turn so often that its provider decides now.

    What its provider keeps is none of the customer's turns. Call it in a scope.
    """
    taken_back = Disconnection.objects.filter(service_id=service_id, taken_back_at__gt=now - LATELY)
    return bool(taken_back.filter(taken_back_by_customer=True).count() >= TURNS)


def note(*, service_id: UUID, organization_id: UUID, upn: str, now: datetime) -> None:
    """Write down that the customer asked for it, and have the provider's people told."""
    Disconnection.objects.create(organization_id=organization_id, service_id=service_id, upn=upn, asked_at=now)
    ask_to_tell(service_id)


def take_back(service_id: UUID, *, by_customer: bool = False, now: datetime) -> None:
    """Whoever keeps the service takes the disconnection back with it; without one this is nothing."""
    rows = Disconnection.objects.filter(service_id=service_id, taken_back_at=None)
    if rows.update(taken_back_at=now, taken_back_by_customer=by_customer):
        ask_to_tell(service_id)


def ask_to_tell(service_id: UUID) -> None:
    """Have a worker bring the alarm in line."""
    defer(TELL, service_id=str(service_id))


def forget(service_id: UUID) -> int:
    """Empty the name of who disconnected a service that is gone for long; gives how many it was."""
    return Disconnection.objects.filter(service_id=service_id).exclude(upn="").update(upn="")


def tell(service_id: UUID, *, now: datetime) -> None:
    """Raise the alarm while a disconnection can be taken back, and clear it afterwards. For workers."""
    with within_everything("who is told stands above the customer"), transaction.atomic():
        about, asked = service(service_id), standing(service_id)
        key: dict[str, Any] = {
            "organization_id": about.customer_id,
            "kind": Kind.DISCONNECTED,
            "subject": f"disconnection:{service_id}",
            "by": WORKER,
            "now": now,
        }
        if asked is None or about.lifecycle is not Lifecycle.LEAVING or about.leaves_at is None:
            kept = about.lifecycle is Lifecycle.CREATED
            clear_alarm(**key, why=KEPT if kept else BEGUN, all_clear=kept)
            return
        until = f"{about.leaves_at.day} {about.leaves_at:%B %Y}"
        raise_alarm(
            **key,
            service_id=service_id,
            about=about.short_name,
            severity=Severity.CRITICAL,
            words=_words(about.customer_name, asked.upn, until),
            cure="Talk to the customer. Until then, Keep it on the service's Danger zone takes it back.",
            for_contacts=_for_contacts(until, fixed_address(about.customer_id)),
        )


def _words(customer: str, upn: str, until: str) -> str:
    return f"{customer} disconnected it: {upn} asked for that. It is removed after {until}."


def _for_contacts(until: str, address: str) -> str:
    return f"If that was a mistake, take it back until {until}: {address}"
