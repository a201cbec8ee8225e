"""What a ``scope`` parameter asks for: an API, some of its permissions or ``.default``, and the OpenID scopes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from m365_emulator import data, principals
from m365_emulator.addresses import split
from m365_emulator.directory import DirectoryObject
from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.world import World

openid_scopes = ("openid", "profile", "email", "offline_access")
_default = ".default"
_everywhere = (data.token_exchange_app_id, data.azure_management_app_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """``resource`` is the API as the client named it (empty: Graph, unnamed), ``prefix`` how it qualified scopes."""

    resource: str
    prefix: str
    names: tuple[str, ...]
    openid: tuple[str, ...]

    @property
    def default(self) -> bool:
        return _default in self.names


def parse(world: World, text: str) -> Asked:
    """Split a scope parameter. Raises EntraError 70011 when it is empty or names permissions of several APIs."""
    asked, *others = parse_all(world, text)
    if others:
        raise _invalid(text, "One or more scopes are not compatible with each other: a token is for one resource.")
    return asked


def parse_all(world: World, text: str) -> list[Asked]:
    """The same where people consent: permissions of several APIs may stand together, the first gets the token.

    An API is one however it is spelled; the OpenID scopes go with the first. Raises EntraError 70011.
    """
    words = list(dict.fromkeys(text.split()))
    if not words:
        raise EntraError(
            70011,
            "The provided request must include a 'scope' input parameter. The provided value for "
            "the input parameter 'scope' is not valid.",
        )
    openid = tuple(word for word in words if word in openid_scopes)
    pairs = [_split(word) for word in words if word not in openid_scopes]
    apis: dict[str, list[tuple[str, str, str]]] = {}
    for pair in pairs:
        apis.setdefault(_which(world, pair[0]), []).append(pair)
    if len(pairs) > 1 and any(name == _default for _, _, name in pairs):
        raise _invalid(text, ".default scope can't be combined with resource-specific scopes.")
    found = [Asked(rows[0][0], rows[0][1], tuple(name for _, _, name in rows), ()) for rows in apis.values()]
    first, *others = found or [Asked("", "", (), ())]
    return [replace(first, openid=openid), *others]


def with_openid_of(original: Asked, asked: Asked) -> Asked:
    """What is asked for later, with the OpenID scopes of the sign-in: they decide which tokens go out beside it.

    Source: OAuth 2.0 authorization code flow, whose requests for tokens name the API's permissions alone.
    """
    return replace(asked, openid=tuple(dict.fromkeys([*original.openid, *asked.openid])))


def find_resource(world: World, tenant: Tenant, asked: Asked) -> tuple[DirectoryObject, str]:
    """The API's service principal in the tenant, and the audience of its tokens.

    Raises EntraError 500011, and 50001 where the tenant switched the API off.
    """
    app_id, audience = identify(world, asked.resource)
    principal = tenant.principal(app_id) if app_id else _by_name(tenant, asked.resource)
    if principal is None and app_id in _everywhere:
        principal = DirectoryObject("servicePrincipal", app_id, principals.first_party_body(app_id))
    if principal is None:
        raise EntraError(
            500011,
            f"The resource principal named {asked.resource or 'https://graph.microsoft.com'} was "
            f"not found in the tenant named {tenant.display_name}. This can happen if the "
            "application has not been installed by the administrator of the tenant or consented "
            "to by any user in the tenant. You might have sent your authentication request to the "
            "wrong tenant.",
        )
    if principal.body.get("accountEnabled") is False:
        raise EntraError(
            50001,
            f"The resource '{asked.resource or 'https://graph.microsoft.com'}' is disabled in the tenant named "
            f"{tenant.display_name}.",
        )
    return principal, audience or asked.resource


def identify(world: World, resource: str) -> tuple[str, str]:
    """Application id and audience of one of Microsoft's own APIs; empty when it isn't one.

    An address of the emulator itself means Graph, with or without port, because clients derive the scope from the
    Graph endpoint they were configured with.
    """
    if not resource:
        return data.graph_app_id, data.graph_app_id
    if resource.lower() in data.resources_by_app_id():
        return resource.lower(), resource.lower()
    if _is_our_own(world, resource):
        return data.graph_app_id, "https://graph.microsoft.com"
    for row in data.resources_by_app_id().values():
        for address in row.get("identifierUris", []):
            if address.lower() == resource.lower():
                return str(row["appId"]), address
    return "", ""


def check(world: World, client: Client, tenant: Tenant | None, asked: Asked) -> None:
    """Raises EntraError 500011 and 70011 before anybody signed in.

    Without a tenant the client's home stands for it; Microsoft's own clients know no customer's API there, so that is
    asked once the person's tenant is known.
    """
    is_microsofts = tenant is None and client.home is world.directory.microsofts_own
    if asked.names and not (is_microsofts and not identify(world, asked.resource)[0]):
        check_names(find_resource(world, tenant or client.home, asked)[0], asked)


def check_names(resource: DirectoryObject, asked: Asked) -> None:
    """Raises EntraError 70011 when a permission does not exist at the API."""
    known = {str(row.get("value")).lower() for row in resource.body.get("oauth2PermissionScopes") or []}
    for name in asked.names:
        if name != _default and name.lower() not in known:
            raise _invalid(name, f"The scope {name} is not valid.")


def _which(world: World, resource: str) -> str:
    """The same text for every spelling of one API, also for one of a tenant that is not known yet."""
    return identify(world, resource)[0] or resource.lower().removeprefix("api://")


def _split(word: str) -> tuple[str, str, str]:
    """API, prefix as it was spelled, permission. ``https://host//.default`` names ``https://host``."""
    if "/" not in word:
        return "", "", word
    prefix, _, name = word.rpartition("/")
    return prefix.rstrip("/"), f"{prefix}/", name


def _is_our_own(world: World, resource: str) -> bool:
    ours = {urlsplit(origin).hostname for origin in (world.settings.origin, world.settings.people_origin)}
    return split(resource).hostname in ours | {"localhost", "127.0.0.1", "::1"}


def _by_name(tenant: Tenant, resource: str) -> DirectoryObject | None:
    wanted = resource.lower()
    return next(
        (
            principal
            for principal in tenant.of_kind("servicePrincipal")
            if wanted in (str(name).lower().rstrip("/") for name in principal.body.get("servicePrincipalNames", []))
        ),
        None,
    )


def _invalid(value: str, why: str) -> EntraError:
    return EntraError(
        70011,
        "The provided request must include a 'scope' input parameter. The provided value for the "
        f"input parameter 'scope' is not valid. {why} The value was '{value}'.",
    )
