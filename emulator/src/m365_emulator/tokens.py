"""Access tokens and id tokens with Entra's claims, and the check of the tokens that come back to Graph.

Roles and scopes of a caller are read from the token, as Microsoft does: a consent works from the next token on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation, data, optional_claims, partners, role_schedules
from m365_emulator.errors import GraphError
from m365_emulator.keys import BadToken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

graph_audiences = frozenset({"https://graph.microsoft.com", data.graph_app_id})
_verified: OrderedDict[bytes, dict[str, Any]] = OrderedDict()
_verified_at_most = 4_096
_groups_at_most = 200
"""In a JWT; somebody in more is told where to ask for them instead (the "overage")."""


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """Who calls Graph. ``principal_id`` is the object id of the person, or of the service principal when ``is_app``.

    ``directory_roles`` are template ids of roles at tenant scope (the token's ``wids``).
    """

    tenant: Tenant
    principal_id: str
    user_id: str | None
    app_id: str
    scopes: frozenset[str]
    roles: frozenset[str]
    directory_roles: frozenset[str]
    is_app: bool


def authenticate(world: World, authorization: str | None, audiences: frozenset[str] = graph_audiences) -> Caller:
    """The caller behind an Authorization header. Raises GraphError 401 when it isn't a live token for this API."""
    claims = _claims(world, authorization, audiences)
    now = world.clock.seconds()
    if now >= claims["exp"]:
        raise _unauthorized("Lifetime validation failed, the token is expired.")
    tenant = world.directory.tenants.get(claims["tid"])
    if tenant is None or not (claims["oid"] in tenant.objects or partners.is_partner(tenant, claims["oid"])):
        raise GraphError(
            401,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )
    access_evaluation.require(world, tenant.objects.get(claims["oid"]), claims)
    is_app = claims["idtyp"] == "app"
    return Caller(
        tenant=tenant,
        principal_id=claims["oid"],
        user_id=None if is_app else claims["oid"],
        app_id=claims["appid"],
        scopes=frozenset(claims.get("scp", "").split()),
        roles=frozenset(claims.get("roles", ())),
        directory_roles=frozenset(claims.get("wids", ())),
        is_app=is_app,
    )


def directory_roles(world: World, tenant: Tenant, principal_id: str) -> list[str]:
    """Template ids of tenant-wide roles that a new token carries, also those through role-assignable groups.

    A partner's come from the relationship (GDAP).
    """
    role_schedules.settle(world, tenant)
    holders = tenant.role_holders_for(principal_id)
    assigned = (
        row["roleDefinitionId"]
        for key, row in tenant.role_assignments.items()
        if row["principalId"] in holders
        and row["roleDefinitionId"] in data.role_templates()
        and row["directoryScopeId"] == "/"
        and world.replica.in_tokens("roleAssignment", key)
    )
    return list(dict.fromkeys([*assigned, *partners.roles(tenant, principal_id)]))


def application_token(
    world: World,
    tenant: Tenant,
    principal: DirectoryObject,
    resource: Resource,
    life: int,
    *,
    proof: str = "1",
    able: Sequence[str] = (),
) -> str:
    """An app-only access token; it is issued even when the application has no permission at all.

    ``proof`` is the claim ``appidacr``: 1 for a secret, 2 for a certificate or a federated credential. ``able`` is what
    the client says that it can do (the claim ``xms_cc``).
    """
    claims = _access_claims(world, tenant, resource, life) | _abilities(world, resource, able)
    roles = _application_roles(world, tenant, principal, resource)
    if resource.is_version_two:
        app_only = {"idtyp": "app"} if "idtyp" in _asked_by_api(world, resource) else {}
        return world.keys.sign(
            {
                **claims,
                **app_only,
                "azp": principal.body["appId"],
                "azpacr": proof,
                "oid": principal.id,
                **({"roles": roles} if roles else {}),
                "sub": principal.id,
                "tid": tenant.id,
                "uti": world.ids.opaque(16, "uti"),
                "ver": "2.0",
            },
            v1=False,
        )
    return world.keys.sign(
        {
            **claims,
            "app_displayname": principal.body["displayName"],
            "appid": principal.body["appId"],
            "appidacr": proof,
            "idp": f"https://sts.windows.net/{tenant.id}/",
            "idtyp": "app",
            "oid": principal.id,
            **({"roles": roles} if roles else {}),
            "sub": principal.id,
            "tid": tenant.id,
            "uti": world.ids.opaque(16, "uti"),
            "ver": "1.0",
            "wids": [*directory_roles(world, tenant, principal.id), "0997a1d0-0d1d-4acb-b408-d5ca73121e90"],
            "xms_tcdt": tenant.settings.get("created", 1_700_000_000),
        },
        v1=True,
    )


def _application_roles(world: World, tenant: Tenant, principal: DirectoryObject, resource: Resource) -> list[str]:
    """Values of the roles at the API that a new token carries; a role without a value stands in no token."""
    holders = tenant.holders_for(principal)
    held = {
        row["appRoleId"]
        for key, row in tenant.app_role_assignments.items()
        if row["principalId"] in holders
        and row["resourceId"] == resource.principal.id
        and world.replica.in_tokens("appRoleAssignment", key)
    }
    names = data.names_of_app_roles(str(resource.principal.body["appId"])) or {
        role["id"]: role.get("value") for role in resource.principal.body.get("appRoles", [])
    }
    return sorted({names[role_id] for role_id in held if names.get(role_id)})


def person_token(
    world: World,
    tenant: Tenant,
    person: DirectoryObject,
    client: DirectoryObject,
    resource: Resource,
    *,
    scopes: list[str],
    confidential: bool,
    life: int,
    proof: str = "1",
    methods: Sequence[str] = ("pwd",),
    able: Sequence[str] = (),
) -> str:
    """A delegated access token. ``client`` is the application's service principal in this tenant.

    ``confidential`` says that the application proved itself, ``proof`` how (the claim ``appidacr``); ``methods`` is
    how the person did (the claim ``amr``), ``able`` what the client says that it can do (the claim ``xms_cc``).
    """
    claims = _access_claims(world, tenant, resource, life) | _abilities(world, resource, able)
    if not resource.is_microsofts:
        claims |= _claims_for_own_api(world, tenant, person, resource)
    if resource.is_version_two:
        return world.keys.sign(
            {
                "azp": client.body["appId"],
                "azpacr": proof if confidential else "0",
                "name": person.body["displayName"],
                "oid": person.id,
                "preferred_username": person.hidden.get("sign_in_name", person.body["userPrincipalName"]),
                "scp": " ".join(scopes),
                "sub": pairwise(world, person, resource.principal.body["appId"]),
                "tid": tenant.id,
                "uti": world.ids.opaque(16, "uti"),
                "ver": "2.0",
                **claims,
                "aio": _sealed_methods(methods),
            },
            v1=False,
        )
    name = person.body["userPrincipalName"]
    return world.keys.sign(
        {
            **claims,
            "acct": int(is_guest(person)),
            "acr": "1",
            "amr": list(methods),
            "app_displayname": client.body["displayName"],
            "appid": client.body["appId"],
            "appidacr": proof if confidential else "0",
            "idp": home_issuer(tenant, person),
            "idtyp": "user",
            "ipaddr": "127.0.0.1",
            "name": person.body["displayName"],
            "oid": person.id,
            "scp": " ".join(scopes),
            "sub": pairwise(world, person, resource.principal.body["appId"]),
            "tenant_region_scope": tenant.settings.get("region", "NA"),
            "tid": tenant.id,
            "unique_name": name,
            "upn": name,
            "uti": world.ids.opaque(16, "uti"),
            "ver": "1.0",
            "wids": wids(world, tenant, person),
            "xms_tcdt": tenant.settings.get("created", 1_700_000_000),
        },
        v1=True,
    )


def id_token(
    world: World,
    tenant: Tenant,
    person: DirectoryObject,
    client: DirectoryObject,
    *,
    nonce: str | None,
    life: int,
    proved_at: float,
    code: str = "",
    scopes: Sequence[str] = ("openid", "profile", "email"),
) -> str:
    """A version 2 id token for the client itself, which is told the app roles of its own that the person was given.

    ``client`` is the application's service principal in this tenant; ``proved_at`` when the person last signed in
    with this browser, which it is told only where its registration asks for the optional claim ``auth_time``.
    ``code`` is the code that goes out beside the token, if one does; ``scopes`` are the OpenID scopes of the request.
    """
    now = int(world.clock.seconds())
    home = home_issuer(tenant, person)
    client_id = str(client.body["appId"])
    roles = _application_roles(world, tenant, person, Resource(client, client_id))
    by_scope = {"preferred_username"} if "profile" in scopes else set()
    by_scope |= {"email"} if "email" in scopes else set()
    wanted = by_scope | (optional_claims.asked(world, client_id, "idToken") - _not_without(scopes))
    return world.keys.sign(
        {
            "aud": client_id,
            "iss": f"{world.settings.origin}/{tenant.id}/v2.0",
            "iat": now - 300,
            "nbf": now - 300,
            "exp": now + life,
            **_group_claims(world, tenant, person, client),
            **_role_claims(world, tenant, person, client),
            **optional_claims.of_person(tenant, person, wanted, proved_at=proved_at),
            **({"c_hash": _half_hash(code)} if code else {}),
            **({"idp": home} if is_guest(person) else {}),
            **({"nonce": nonce} if nonce else {}),
            "oid": person.id,
            **({"name": person.body["displayName"]} if "profile" in scopes else {}),
            "rh": f"1.{world.ids.opaque(24, 'rh')}.",
            **({"roles": roles} if roles else {}),
            "sub": pairwise(world, person, client_id),
            "tid": tenant.id,
            "uti": world.ids.opaque(16, "uti"),
            "ver": "2.0",
        },
        v1=False,
    )


def _not_without(scopes: Sequence[str]) -> set[str]:
    """Optional claims about a person's name need the scope *profile* as well."""
    return set() if "profile" in scopes else {"family_name", "given_name", "preferred_username", "upn"}


def _claims_for_own_api(world: World, tenant: Tenant, person: DirectoryObject, resource: Resource) -> dict[str, Any]:
    """What an API of one's own hears of a person: roles, and the groups and claims that its registration wants."""
    roles = _application_roles(world, tenant, person, resource)
    wanted = _asked_by_api(world, resource)
    return {
        **_group_claims(world, tenant, person, resource.principal),
        **optional_claims.of_person(tenant, person, wanted),
        **({"roles": roles} if roles else {}),
    }


def _asked_by_api(world: World, resource: Resource) -> set[str]:
    return optional_claims.asked(world, str(resource.principal.body["appId"]), "accessToken")


def _sealed_methods(methods: Sequence[str]) -> str:
    """What the person proved, for :func:`proved_methods`. Microsoft's ``aio`` is for its own eyes only as well."""
    return base64.urlsafe_b64encode(" ".join(methods).encode()).rstrip(b"=").decode()


def proved_methods(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """How the person behind an access token of ours proved themselves; those of version 2 have no ``amr``."""
    if "amr" in claims:
        return tuple(claims["amr"])
    sealed = str(claims.get("aio", ""))
    return tuple(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)).decode().split()) or ("pwd",)


def _half_hash(text: str) -> str:
    """OpenID Connect's ``c_hash``: the left half of the digest."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def _group_claims(world: World, tenant: Tenant, person: DirectoryObject, client: DirectoryObject) -> dict[str, Any]:
    """The person's groups, where the application's registration asks for them."""
    wanted = _claims_asked_for(world, client)
    if not wanted & {"All", "SecurityGroup", "ApplicationGroup"}:
        return {}
    groups = tenant.groups_of(person.id)
    if "ApplicationGroup" in wanted:
        assigned = {
            row["principalId"] for row in tenant.app_role_assignments.values() if row["resourceId"] == client.id
        }
        groups = [group for group in groups if group in assigned]
    if len(groups) > _groups_at_most:
        endpoint = f"https://graph.microsoft.com/v1.0/users/{person.id}/getMemberObjects"
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}
    return {"groups": groups} if groups else {}


def _role_claims(world: World, tenant: Tenant, person: DirectoryObject, client: DirectoryObject) -> dict[str, Any]:
    """The person's directory roles for the whole tenant, where the application's registration asks for them."""
    if not _claims_asked_for(world, client) & {"All", "DirectoryRole"}:
        return {}
    return {"wids": wids(world, tenant, person)}


def _claims_asked_for(world: World, client: DirectoryObject) -> set[str]:
    """``groupMembershipClaims`` of the registration at home: one value, or several with commas between them."""
    home = world.directory.home_of_application(str(client.body["appId"]))
    asked = str(home[1].body.get("groupMembershipClaims") or "") if home else ""
    return {each.strip() for each in asked.split(",")}


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """The API that a token is for: its service principal in the tenant, and the audience as the client named it.

    ``version`` is the one of the tokens that its registration wants.
    """

    principal: DirectoryObject
    audience: str
    version: int = 1

    @property
    def is_microsofts(self) -> bool:
        return self.principal.body["appId"] in data.resources_by_app_id()

    @property
    def is_version_two(self) -> bool:
        return self.version == 2  # noqa: PLR2004 the version's number


def resource_of(world: World, principal: DirectoryObject, audience: str) -> Resource:
    """The API with the version of tokens that its registration wants; version 2 names it by its id alone."""
    app_id = str(principal.body["appId"])
    found = world.directory.home_of_application(app_id)
    api = (found[1].body.get("api") or {}) if found is not None else {}
    if api.get("requestedAccessTokenVersion") == 2:  # noqa: PLR2004 the version's number
        return Resource(principal, app_id, 2)
    return Resource(principal, audience)


def is_guest(person: DirectoryObject) -> bool:
    """Whether this object stands for somebody whose account is in another tenant."""
    return str(person.body.get("userType")) == "Guest"


def home_issuer(tenant: Tenant, person: DirectoryObject) -> str:
    """Who proved the person's identity: the tenant itself, or a guest's own."""
    return f"https://sts.windows.net/{person.hidden.get('home_tenant', tenant.id)}/"


def pairwise(world: World, person: DirectoryObject, app_id: str) -> str:
    """The ``sub`` claim: stable for one person at one application, useless anywhere else."""
    raw = hmac.digest(world.ids.seed.encode(), f"{person.id}/{app_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def wids(world: World, tenant: Tenant, person: DirectoryObject) -> list[str]:
    """Roles of a person as tokens carry them; every member has the default member role too."""
    roles = directory_roles(world, tenant, person.id)
    return roles if is_guest(person) else [*roles, data.default_member_role]


def _access_claims(world: World, tenant: Tenant, resource: Resource, life: int) -> dict[str, Any]:
    now = int(world.clock.seconds())
    issuer = f"{world.settings.origin}/{tenant.id}/v2.0" if resource.is_version_two else _old_issuer(tenant)
    return {
        "aud": resource.audience,
        "iss": issuer,
        "iat": now - access_evaluation.back_dated,
        "nbf": now - access_evaluation.back_dated,
        "exp": now + life,
        "aio": world.ids.opaque(32, "aio"),
        "rh": f"1.{world.ids.opaque(24, 'rh')}.",
    }


def _abilities(world: World, resource: Resource, able: Sequence[str]) -> dict[str, Any]:
    """Tokens for Graph repeat what the client can do, those for other APIs where their registration asks for it."""
    is_graph = resource.principal.body["appId"] == data.graph_app_id
    return {"xms_cc": list(able)} if able and (is_graph or "xms_cc" in _asked_by_api(world, resource)) else {}


def _old_issuer(tenant: Tenant) -> str:
    return f"https://sts.windows.net/{tenant.id}/"


def _claims(world: World, authorization: str | None, audiences: frozenset[str]) -> dict[str, Any]:
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise _unauthorized("Access token is empty.")
    claims = _verify_once(world, token)
    if claims.get("aud") not in audiences or claims.get("idtyp") not in ("app", "user"):
        raise _unauthorized("Access token validation failure. Invalid audience.")
    return claims


def _verify_once(world: World, token: str) -> dict[str, Any]:
    """A signature is checked once per token: tokens are immutable, and RSA is the slowest thing here."""
    key = hashlib.sha256(f"{world.keys.seed}\0{token}".encode()).digest()
    if (known := _verified.get(key)) is not None:
        return known
    try:
        claims = world.keys.verify(token)
    except BadToken as error:
        raise _unauthorized("IDX14100: JWT is not well formed or its signature is invalid.") from error
    _verified[key] = claims
    if len(_verified) > _verified_at_most:
        _verified.popitem(last=False)
    return claims


def _unauthorized(message: str) -> GraphError:
    address = "https://login.microsoftonline.com/common/oauth2/authorize"
    challenge = (
        f'Bearer realm="", authorization_uri="{address}", client_id="{data.graph_app_id}", error="invalid_token", '
        f'error_description="{message}"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})
