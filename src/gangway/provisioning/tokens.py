"""Short-lived tokens of a registration for somebody who may use it; what it signs in with never leaves. Worker only."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation.clouds import cloud_name
from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import CLOUDS
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import clouds
from gangway.provisioning.credential_rows import opened
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.models import Credential
from gangway.provisioning.states import CredentialState


@dataclass(frozen=True, slots=True)
class TokenPair:
    """One token for Graph and one for the Teams service, in the order that `Connect-MicrosoftTeams` wants.

    `teams`: None for a registration that has nothing to do with calling.
    """

    graph: SealedText
    teams: SealedText | None
    tenant_id: str
    app_id: str
    expires_at: datetime
    """When the first of them ends."""
    teams_environment: str = ""
    """What `Connect-MicrosoftTeams -TeamsEnvironmentName` has to be told in this cloud; empty in the worldwide one."""


async def token_pair(*, credential_id: UUID, graph_only: bool = False, purpose: str, by: Actor) -> TokenPair:
    """Get them from Microsoft. Raises NoSuchCredential, MicrosoftError, and the vault's errors."""
    tenant, cloud, app_id, credential = await in_database(_taken, credential_id, purpose, by)
    own = await clouds.RegistrationSignIn.at(clouds.cloud(cloud), tenant)
    scopes = [own.cloud.graph_scope, *([] if graph_only else [own.cloud.teams_scope])]
    tokens = [own.token(app_id=app_id, credential=credential, scope=scope) for scope in scopes]
    graph, *teams = await asyncio.gather(*tokens)
    return TokenPair(
        graph=graph.text,
        teams=teams[0].text if teams else None,
        tenant_id=tenant,
        app_id=app_id,
        expires_at=min(token.expires_at for token in (graph, *teams)),
        teams_environment=CLOUDS[cloud_name(cloud)].teams_module if teams else "",
    )


def _taken(credential_id: UUID, purpose: str, by: Actor) -> tuple[TenantId, str, AppId, OwnCredential]:
    with within_everything("a worker is given a credential by its id"):
        path = Credential.objects.filter(pk=credential_id).values_list("organization__path", flat=True).first()
    if path is None:
        raise NoSuchCredential
    with within(path):
        row = Credential.objects.select_related("registration").get(pk=credential_id)
        if row.state != CredentialState.PROVED.value:
            raise NoSuchCredential
        credential = opened(row, purpose=purpose, by=by)
        return TenantId(row.registration.tenant_id), row.registration.cloud, AppId(row.registration.app_id), credential
