"""The real parts: a tenant's cloud, Graph over this loop's connections, a registration's own sign-in."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.graph.session import GraphSession
from gangway.microsoft.patience import Patience
from gangway.microsoft.signin.client_credentials import AppToken, fetch
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.microsoft.transport import Transport, shared

LOOK_SECONDS: Final = 10.0
"""The longest patience of one look in the background."""


def cloud(name: str) -> Cloud:
    """The cloud of that name, at the hosts that the settings give it. Raises CloudUnknown."""
    return Cloud.of(settings.GANGWAY, name)


def patience() -> Patience:
    """How long the settings let us wait for Microsoft's copies to agree."""
    return Patience(float(settings.GANGWAY.propagation_deadline_seconds))


def short_patience() -> Patience:
    """For a look at a run that rests: when the copies don't agree, it is looked at again later."""
    longest = min(float(settings.GANGWAY.propagation_deadline_seconds), LOOK_SECONDS)
    return Patience(longest, first_wait=0.25)


async def graph(where: Cloud, tenant: TenantId, token: SealedText) -> GraphSession:
    """Graph of a cloud in a tenant with a token, over this event loop's connections."""
    return GraphSession(await shared(where.extra_ca_file), where, token, tenant)


@dataclass(frozen=True)
class RegistrationSignIn:
    """Signing in as a registration in its tenant: every token is a fresh one. `routine`: as a fleet is looked at."""

    transport: Transport
    cloud: Cloud
    tenant: TenantId
    routine: bool = False

    @classmethod
    async def at(cls, where: Cloud, tenant: TenantId, *, routine: bool = False) -> "RegistrationSignIn":
        """In a cloud, over this event loop's connections."""
        return cls(await shared(where.extra_ca_file), where, tenant, routine)

    async def token(self, *, app_id: AppId, credential: OwnCredential, scope: str) -> AppToken:
        return await fetch(
            self.transport,
            self.cloud,
            tenant=self.tenant,
            app_id=app_id,
            credential=credential,
            scope=scope,
            routine=self.routine,
        )

    def graph(self, token: SealedText) -> GraphSession:
        return GraphSession(self.transport, self.cloud, token, self.tenant, self.routine)
