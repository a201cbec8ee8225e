"""What a service uses beside its connection, its looks and what is wrong with it."""

from typing import Any
from uuid import UUID

from gangway.alarms import queries as alarms
from gangway.alarms.states import Severity
from gangway.connections import companions, validation
from gangway.connections.models import Companion, Validation
from gangway.foundation import clock
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from tests.rooms.factories_organizations import SETUP, Place

OWNED = frozenset({"CallRecords.Read.All", "User.Read.All", "Application.ReadWrite.OwnedBy"})


def companion_of(service_id: UUID) -> Companion:
    with within_everything("a test"):
        return Companion.objects.get(service_id=service_id)


def standing(customer: Place, service_id: UUID) -> list[tuple[str, str, Severity]]:
    with within(customer.path):
        return [(row.kind.value, row.about, row.severity) for row in alarms.open_for(service_id)]


def asked(service_id: UUID) -> Validation:
    """The latest look at it."""
    with within_everything("a test"):
        rows = Validation.objects.filter(companion__service_id=service_id)
        return rows.filter(ended_at=None).first() or rows.latest("asked_at")


def look(service_id: UUID, *items: CheckItem, at: Any = None, **result: Any) -> None:
    """A look at it that was asked for, and what was seen."""
    look_id = asked(service_id).pk
    begun = validation.begin(validation_id=look_id, now=clock.now())
    assert begun
    validation.end(validation_id=look_id, begun=begun, result=CheckResult(items, **result), now=at or clock.now())


def ask(customer: Place, service_id: UUID) -> None:
    with within(customer.path):
        companions.validate(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
