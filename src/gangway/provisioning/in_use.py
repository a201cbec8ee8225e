"""Whether a service signs in with a registration: then it isn't taken away, whatever else is said of it. In a scope."""

from typing import Final

from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.services.states import NEEDS_ITS_REGISTRATION, Lifecycle

CONNECTED: Final = frozenset({Lifecycle.CREATED, Lifecycle.LEAVING})


def is_used(registration: Registration) -> bool:
    """Whether a service signs in with it; one that is only planned does so once its registration was proved."""
    states = NEEDS_ITS_REGISTRATION if registration.state == RegistrationState.PROVED else CONNECTED
    living = Credential.objects.filter(
        registration=registration, service__lifecycle__in=[state.value for state in states]
    )
    return bool(living.exclude(state=CredentialState.REMOVED.value).exists())
