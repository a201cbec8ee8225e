"""Whether a service signs in with a registration: then it isn't taken away, whatever else is said of it. In a scope.

A service's connection stands above this room: which credentials are in use, the rooms above say.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.foundation import clock
from gangway.provisioning.models import Credential, Registration, Run
from gangway.provisioning.orphans import SETTLED
from gangway.provisioning.states import HOLDING, RESTING, CredentialState, RegistrationState, RunKind, RunState
from gangway.services.states import NEEDS_ITS_REGISTRATION, Lifecycle

CONNECTED: Final = frozenset({Lifecycle.CREATED, Lifecycle.LEAVING})

Use = Callable[[UUID], frozenset[UUID]]
"""(registration) → the credentials of it that living services sign in with."""
USES: Final[list[Use]] = []


def on_use(use: Use) -> None:
    """Have it asked what is in use before anything is taken away; call it when the application is ready."""
    if use not in USES:
        USES.append(use)


def credentials_in_use(registration_id: UUID) -> frozenset[UUID]:
    """Return the credentials that living services sign in with."""
    return frozenset[UUID]().union(*(use(registration_id) for use in USES))


def living_others(registration_id: UUID, service_id: UUID) -> QuerySet[Credential]:
    """Return what the living services beside this one sign in with at a registration."""
    needing = [state.value for state in NEEDS_ITS_REGISTRATION]
    rows = _had_or_awaited(registration_id, now=clock.now()).filter(service__lifecycle__in=needing)
    return rows.exclude(service_id=service_id)


def not_gone(registration_id: UUID, *, now: datetime) -> QuerySet[Credential]:
    """Return what a registration has to sign in with, and what rests until its rest is over."""
    over = Q(state=CredentialState.RESTING.value, rest_until__lte=now)
    return _had_or_awaited(registration_id, now=now).exclude(over)


def _had_or_awaited(registration_id: UUID, *, now: datetime) -> QuerySet[Credential]:
    """What isn't removed; what was announced, only while a run for its service may still come to it."""
    at_work = Q(state__in=[state.value for state in HOLDING])
    rests = Q(state=RunState.WAITING.value)
    rests |= Q(state__in=[state.value for state in RESTING], ended_at__gt=now - SETTLED)
    reaching = Q(kind__in=[RunKind.SETUP.value, RunKind.REPAIR.value, RunKind.UPGRADE.value])
    runs = Run.objects.filter(at_work | (reaching & rests), registration_id=registration_id)
    lost = Q(state=CredentialState.ANNOUNCED.value) & ~Q(service_id__in=runs.values("service_id"))
    rows = Credential.objects.filter(registration_id=registration_id)
    return rows.exclude(state=CredentialState.REMOVED.value).exclude(lost)


def is_used(registration: Registration) -> bool:
    """Whether a service signs in with it; one that is only planned does so once its registration was proved.

    One that moved away uses it until the rest of what it signed in with is over.
    """
    states = NEEDS_ITS_REGISTRATION if registration.state == RegistrationState.PROVED else CONNECTED
    living = not_gone(registration.pk, now=clock.now()).filter(service__lifecycle__in=[state.value for state in states])
    return bool(living.exists())
