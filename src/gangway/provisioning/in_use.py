"""Whether a service signs in with a registration: then it isn't taken away, whatever else is said of it. In a scope.

A service's connection stands above this room: which credentials are in use, the rooms above say.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.foundation import clock
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
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
    rows = Credential.objects.filter(registration_id=registration_id, service__lifecycle__in=needing)
    return rows.exclude(state=CredentialState.REMOVED.value).exclude(service_id=service_id)


def not_gone(registration_id: UUID, *, now: datetime) -> QuerySet[Credential]:
    """Return what a registration has to sign in with, and what rests until its rest is over."""
    over = Q(state=CredentialState.RESTING.value, rest_until__lte=now)
    rows = Credential.objects.filter(registration_id=registration_id)
    return rows.exclude(state=CredentialState.REMOVED.value).exclude(over)


def is_used(registration: Registration) -> bool:
    """Whether a service signs in with it; one that is only planned does so once its registration was proved.

    One that moved away uses it until the rest of what it signed in with is over.
    """
    states = NEEDS_ITS_REGISTRATION if registration.state == RegistrationState.PROVED else CONNECTED
    living = not_gone(registration.pk, now=clock.now()).filter(service__lifecycle__in=[state.value for state in states])
    return bool(living.exists())
