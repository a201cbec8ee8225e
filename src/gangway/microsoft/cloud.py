"""Addresses of one Microsoft cloud: the worldwide one, a national one, or whatever the settings point at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from gangway.foundation.ids import TenantId

ANY_ORGANIZATION = "organizations"
"""The tenant segment for a sign-in before the tenant is known; work and school accounts only."""

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph's own application id, the same in every cloud."""


class CloudSettings(Protocol):
    """What this room reads from the product's settings."""

    @property
    def cloud_login_url(self) -> str: ...
    @property
    def cloud_graph_url(self) -> str: ...
    @property
    def cloud_teams_resource(self) -> str: ...
    @property
    def extra_ca_file(self) -> Path | None: ...


@dataclass(frozen=True)
class Cloud:
    """One cloud. `login` and `graph` are origins without a slash at the end; `teams_resource` is an application id."""

    login: str
    graph: str
    teams_resource: str
    extra_ca_file: Path | None = None

    @classmethod
    def of(cls, settings: CloudSettings) -> Self:
        """The cloud that the product's settings name."""
        return cls(
            login=settings.cloud_login_url.rstrip("/"),
            graph=settings.cloud_graph_url.rstrip("/"),
            teams_resource=settings.cloud_teams_resource,
            extra_ca_file=settings.extra_ca_file,
        )

    @property
    def graph_scope(self) -> str:
        """The scope of an app-only token for Graph."""
        return f"{self.graph}/.default"

    @property
    def teams_scope(self) -> str:
        """The scope of an app-only token for the Teams administration API."""
        return f"{self.teams_resource}/.default"

    def delegated_scope(self, permission: str) -> str:
        """A Graph permission in the spelling that names its cloud, e.g. `https://graph.microsoft.com/User.Read`."""
        return f"{self.graph}/{permission}"

    def token_url(self, tenant: TenantId | str) -> str:
        return f"{self.login}/{tenant}/oauth2/v2.0/token"

    def device_code_url(self, tenant: TenantId | str = ANY_ORGANIZATION) -> str:
        return f"{self.login}/{tenant}/oauth2/v2.0/devicecode"

    def discovery_url(self, tenant: TenantId | str) -> str:
        return f"{self.login}/{tenant}/v2.0/.well-known/openid-configuration"

    def graph_url(self, path: str) -> str:
        """Graph's address of a path that starts with a slash, e.g. `/organization`."""
        return f"{self.graph}/v1.0{path}"
