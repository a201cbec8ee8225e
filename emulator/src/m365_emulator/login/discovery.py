"""What clients read before they sign in: OpenID configuration, signing keys, instance discovery, the user's realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator.addresses import split
from m365_emulator.errors import EntraError
from m365_emulator.login import tenants, userinfo

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

_microsofts_hosts = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")


def routes(world: World) -> list[Route]:
    """Discovery under every tenant segment, versions 1 and 2."""

    def _region(request: Request) -> dict[str, Any]:
        """A tenant's own document says its region, as its tokens do; a shared one says none."""
        tenant = tenants.resolve(world, request.path_params["tenant"])
        return {"tenant_region_scope": tenant.settings.get("region", "NA") if tenant is not None else None}

    async def version_two(request: Request) -> Response:
        return JSONResponse(_of_client(request, _version_two(world, *_who(world, request))) | _region(request))

    async def version_one(request: Request) -> Response:
        return JSONResponse(_of_client(request, _version_one(world, *_who(world, request))) | _region(request))

    async def keys(request: Request) -> Response:
        _, issuer_tenant = _who(world, request)
        return JSONResponse(world.keys.jwks(f"{world.settings.origin}/{issuer_tenant}/v2.0"))

    async def instance(request: Request) -> Response:
        asked = request.query_params
        return JSONResponse(_instance(world, asked.get("api-version", "1.0"), asked.get("authorization_endpoint", "")))

    async def realm(request: Request) -> Response:
        return JSONResponse(_realm(world, request.path_params["upn"]))

    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", version_two),
        Route("/{tenant}/.well-known/openid-configuration", version_one),
        Route("/{tenant}/discovery/v2.0/keys", keys),
        Route("/{tenant}/discovery/keys", keys),
        Route("/common/discovery/instance", instance),
        Route("/common/userrealm/{upn}", realm),
    ]


def _of_client(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    """A client that names itself (``appid``) is led to keys under its name; the keys are the tenant's all the same.

    Source: Access tokens in the Microsoft identity platform, validate tokens.
    """
    app_id = request.query_params.get("appid")
    return {**document, "jwks_uri": f"{document['jwks_uri']}?{urlencode({'appid': app_id})}"} if app_id else document


def _who(world: World, request: Request) -> tuple[str, str]:
    """The segment as it stands in endpoints, and the tenant in issuers: an id, or Entra's ``{tenantid}``."""
    segment = request.path_params["tenant"]
    try:
        tenant = tenants.resolve(world, segment)
    except EntraError as error:
        raise EntraError(error.number, error.text, error="invalid_tenant") from error
    return (segment.lower(), "{tenantid}") if tenant is None else (tenant.id, tenant.id)


def _version_two(world: World, segment: str, issuer_tenant: str) -> dict[str, Any]:
    base = f"{world.settings.origin}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{world.settings.origin}/{issuer_tenant}/v2.0",
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "userinfo_endpoint": f"{world.settings.origin}{userinfo.path}",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
            "oid",
            "email",
        ],
        **_cloud(world),
    }


def _version_one(world: World, segment: str, issuer_tenant: str) -> dict[str, Any]:
    base = f"{world.settings.origin}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid"],
        "issuer": f"https://sts.windows.net/{issuer_tenant}/",
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "end_session_endpoint": f"{base}/oauth2/logout",
        "userinfo_endpoint": f"{world.settings.origin}{userinfo.path}",
        **_cloud(world),
    }


def _cloud(world: World) -> dict[str, Any]:
    host = urlsplit(world.settings.origin).netloc
    return {
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": host,
        "msgraph_host": host,
        "rbac_url": "https://pas.windows.net",
    }


def _instance(world: World, version: str, asked: str) -> dict[str, Any]:
    """The cloud that an authorization endpoint belongs to. Raises EntraError 50049 for one of another host."""
    host, parts = urlsplit(world.settings.origin).netloc, split(asked)
    if asked and parts.netloc not in {host, urlsplit(world.settings.people_origin).netloc, *_microsofts_hosts}:
        raise EntraError(50049, "Unknown or invalid instance.")
    segment = parts.path.strip("/").split("/")[0] or "common"
    return {
        "tenant_discovery_endpoint": f"{world.settings.origin}/{segment}/v2.0/.well-known/openid-configuration",
        "api-version": version,
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def _realm(world: World, upn: str) -> dict[str, Any]:
    if world.directory.tenant_of_upn(upn) is None:
        return {"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com"}
    return {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": upn.rpartition("@")[2],
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
