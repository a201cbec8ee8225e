"""Microsoft's clouds, worldwide and national: which hosts belong to which, or whatever the settings point at.

The cloud is an attribute of a tenant: customer, sign-in application, sign-in and registration carry its name, and every
address follows from it. Nothing here falls back to another cloud.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from gangway.foundation.clouds import CloudName, cloud_name
from gangway.foundation.ids import TenantId

ANY_ORGANIZATION = "organizations"
"""The tenant segment for a sign-in before the tenant is known; work and school accounts only."""

OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph's own application id, the same in every cloud."""

TEAMS_APP_ID = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
"""That of the Teams administration API, likewise."""


@dataclass(frozen=True)
class Addresses:
    """Where a cloud is. `teams_module`: what Teams PowerShell calls it; empty for the worldwide one.

    `exchange_audience`: the audience of a federated credential.
    """

    login: str
    graph: str
    portal: str
    entra: str
    device_page: str
    teams_module: str
    exchange_audience: str = "api://AzureADTokenExchange"


CLOUDS: Final[Mapping[CloudName, Addresses]] = {
    CloudName.PUBLIC: Addresses(
        login="https://login.microsoftonline.com",
        graph="https://graph.microsoft.com",
        portal="https://portal.azure.com",
        entra="https://entra.microsoft.com",
        device_page="https://microsoft.com/devicelogin",
        teams_module="",
    ),
    CloudName.GCC_HIGH: Addresses(
        login="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us",
        portal="https://portal.azure.us",
        entra="https://entra.microsoft.us",
        device_page="https://microsoft.com/deviceloginus",
        teams_module="TeamsGCCH",
        exchange_audience="api://AzureADTokenExchangeUSGov",
    ),
    CloudName.DOD: Addresses(
        login="https://login.microsoftonline.us",
        graph="https://dod-graph.microsoft.us",
        portal="https://portal.azure.us",
        entra="https://entra.microsoft.us",
        device_page="https://microsoft.com/deviceloginus",
        teams_module="TeamsDOD",
        exchange_audience="api://AzureADTokenExchangeUSGov",
    ),
    CloudName.CHINA: Addresses(
        login="https://login.partner.microsoftonline.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
        portal="https://portal.azure.cn",
        entra="https://entra.microsoftonline.cn",
        device_page="https://microsoft.com/deviceloginchina",
        teams_module="TeamsChina",
        exchange_audience="api://AzureADTokenExchangeChina",
    ),
}
"""GCC is in the worldwide one. Sources, all on learn.microsoft.com: sign-in hosts and portals, "National clouds"
(entra/identity-platform/authentication-national-cloud); Graph, "National cloud deployments" (graph/deployments); admin
centers, the allow-list in entra/fundamentals/faq; Teams, "Connect-MicrosoftTeams" (-TeamsEnvironmentName). The device
page is only what stands in when Microsoft's answer names none."""


class Elsewhere(Protocol):
    """Other hosts for one cloud, as the settings have them; empty means the cloud's own."""

    @property
    def login_url(self) -> str: ...
    @property
    def graph_url(self) -> str: ...


class CloudSettings(Protocol):
    """What this room reads from the product's settings."""

    @property
    def cloud_login_url(self) -> str: ...
    @property
    def cloud_pages_url(self) -> str: ...
    @property
    def cloud_graph_url(self) -> str: ...
    @property
    def clouds(self) -> Mapping[CloudName, Elsewhere]: ...
    @property
    def extra_ca_file(self) -> Path | None: ...
    @property
    def egress_addresses(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Cloud:
    """One cloud. `login` and `graph` are origins without a slash at the end.

    `egress_addresses`: what Microsoft sees our workers come from, for administrators who must let them in.
    """

    login: str
    graph: str
    extra_ca_file: Path | None = None
    name: CloudName = CloudName.PUBLIC
    egress_addresses: tuple[str, ...] = ()
    pages_elsewhere: str = ""
    """Where browsers meet the sign-in pages, when that isn't `login`."""

    @classmethod
    def of(cls, settings: CloudSettings, name: CloudName | str = CloudName.PUBLIC) -> Self:
        """The cloud of that name, at the hosts of the table or at those that the settings name.

        `cloud_login_url` and `cloud_graph_url` are the worldwide cloud's. Raises CloudUnknown.
        """
        known = cloud_name(name)
        own, given = CLOUDS[known], settings.clouds.get(known)
        login, graph = (given.login_url, given.graph_url) if given else ("", "")
        if known is CloudName.PUBLIC:
            login, graph = login or settings.cloud_login_url, graph or settings.cloud_graph_url
        return cls(
            login=(login or own.login).rstrip("/"),
            graph=(graph or own.graph).rstrip("/"),
            extra_ca_file=settings.extra_ca_file,
            name=known,
            egress_addresses=tuple(settings.egress_addresses),
            pages_elsewhere=settings.cloud_pages_url if known is CloudName.PUBLIC else "",
        )

    @property
    def pages(self) -> str:
        """The origin of the sign-in pages, for people's browsers."""
        return self.pages_elsewhere or self.login

    @property
    def addresses(self) -> Addresses:
        """The cloud's own addresses for people: portal, admin center, device page."""
        return CLOUDS[self.name]

    @property
    def graph_scope(self) -> str:
        """The scope of an app-only token for Graph."""
        return f"{self.graph}/.default"

    @property
    def teams_scope(self) -> str:
        """The scope of an app-only token for the Teams administration API."""
        return f"{TEAMS_APP_ID}/.default"

    def delegated_scopes(self, names: Iterable[str]) -> tuple[str, ...]:
        """Scopes as a person's sign-in in this cloud asks for them.

        A permission's bare name means the worldwide Graph; elsewhere it is spelled with that cloud's own Graph, as in
        `https://graph.microsoft.us/User.Read`. Those of OpenID Connect belong to no API.
        """
        if self.name is CloudName.PUBLIC:
            return tuple(names)
        return tuple(name if name in OPENID_SCOPES else f"{self.graph}/{name}" for name in names)

    def token_url(self, tenant: TenantId | str) -> str:
        return f"{self.login}/{tenant}/oauth2/v2.0/token"

    def device_code_url(self, tenant: TenantId | str = ANY_ORGANIZATION) -> str:
        return f"{self.login}/{tenant}/oauth2/v2.0/devicecode"

    def discovery_url(self, tenant: TenantId | str) -> str:
        return f"{self.login}/{tenant}/v2.0/.well-known/openid-configuration"

    def graph_url(self, path: str) -> str:
        """Graph's address of a path that starts with a slash, e.g. `/organization`."""
        return f"{self.graph}/v1.0{path}"
