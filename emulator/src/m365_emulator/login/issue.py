"""The token endpoint's good answers: which tokens go out together."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation, data, partners, principals, tokens
from m365_emulator.errors import EntraError
from m365_emulator.login import admission, clients, consent, people, scopes
from m365_emulator.login.memory import Refresh
from m365_emulator.login.policies import conditional_access

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.memory import AuthorizeRequest
    from m365_emulator.login.scopes import Asked
    from m365_emulator.world import World

_refresh_life = 90 * 86_400.0
_refresh_life_of_pages = 86_400.0
_public = "0"


@dataclass(frozen=True, slots=True)
class How:
    """How these tokens came about: the flow that the session began with, what the person proved, how the client did.

    ``platform`` is the one of the redirect address. ``renews_until`` is when the refresh token that asks ends (0: none
    asks); ``proved_at`` is when the person last proved who they are, ``able`` what the client says that it can do.
    """

    flow: str = "authorizationCode"
    methods: tuple[str, ...] = ("pwd",)
    proof: str = _public
    platform: str = "publicClient"
    renews_until: float = 0.0
    proved_at: float = 0.0
    able: tuple[str, ...] = ()


def for_person(
    world: World,
    tenant: Tenant,
    person: DirectoryObject,
    client: Client,
    asked: Asked,
    *,
    how: How,
    client_info: bool,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Tokens for a person's consented permissions.

    Raises EntraError 50057, 70011, 65001, 90099, 7000112, 50105, 500011 and policies'.
    """
    _check_enabled(world, person)
    resource, audience = scopes.find_resource(world, tenant, asked)
    scopes.check_names(resource, asked)
    principal = tenant.principal(client.app_id)
    trusted = consent.preauthorized(world, client.app_id, str(resource.body["appId"]))
    if principal is None and trusted:
        principal = principals.create(world, tenant, client.app_id)
    given = [] if principal is None else consent.granted(world, tenant, person, principal, resource)
    values = list(dict.fromkeys([*given, *trusted]))
    held = [] if principal is None else tenant.delegated_scopes(principal.id, str(resource.body["appId"]), person.id)
    if principal is None or not values or not _are_consented(asked, [*held, *trusted]):
        if partners.is_partner(tenant, person.id):
            raise consent.not_for_partners(tenant, client)
        raise EntraError(
            65001,
            f"The user or administrator has not consented to use the application with ID "
            f"'{client.app_id}' named '{client.name}'. Send an interactive authorization request "
            "for this user and resource.",
        )
    admission.check(tenant, principal, client, person)
    admission.check_at_api(tenant, resource, principal, person)
    _check_policies(world, tenant, person, client, str(resource.body["appId"]), how=how)
    usual = world.ids.number(3600, 5400, "life")
    life = access_evaluation.life(world, str(resource.body["appId"]), how.able, usual)
    at = tokens.resource_of(world, resource, audience)
    openid = [name for name in scopes.openid_scopes if name in asked.openid]
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": _scope_text(asked, resource, values),
        "expires_in": life - 1,
        "ext_expires_in": life - 1,
        "access_token": tokens.person_token(
            world,
            tenant,
            person,
            principal,
            at,
            life=life,
            confidential=how.proof != _public,
            proof=how.proof,
            methods=how.methods,
            able=how.able,
            scopes=[value for value in values if value != "offline_access"],
        ),
    }
    if "offline_access" in openid:
        answer["refresh_token"] = _refresh_token(world, tenant, person, client, asked, how=how)
        family = clients.family(world, client.app_id)
        answer.update({"foci": family} if family else {})
    if "openid" in openid:
        answer["id_token"] = tokens.id_token(
            world, tenant, person, principal, nonce=nonce, life=life, proved_at=how.proved_at, scopes=openid
        )
    if client_info:
        answer["client_info"] = _client_info(tenant, person)
    return answer


def id_token_of(world: World, request: AuthorizeRequest) -> str:
    """The id token that a client gets straight from the sign-in pages; it names the code that goes with it."""
    tenant, person = people.at(world, request.tenant_id, request.user_id)
    _check_enabled(world, person)
    principal = tenant.principal(request.client_id)
    if principal is None:
        raise EntraError(65001, "The user or administrator has not consented.")
    return tokens.id_token(
        world,
        tenant,
        person,
        principal,
        nonce=request.nonce,
        life=3600,
        proved_at=request.proved_at,
        code=request.code if "code" in request.response_type.split() else "",
        scopes=scopes.parse_all(world, request.scope)[0].openid,
    )


def for_application(
    world: World,
    tenant: Tenant,
    principal: DirectoryObject,
    resource: tokens.Resource,
    *,
    proof: str,
    able: tuple[str, ...],
) -> dict[str, Any]:
    """A token for the application itself. Raises EntraError 501051, 53003."""
    admission.check_at_api(tenant, resource.principal, principal)
    verdict = conditional_access.judge_application(tenant, principal)
    if verdict is not None:
        raise verdict.error()
    life = access_evaluation.life(world, str(resource.principal.body["appId"]), able, 3599)
    return {
        "token_type": "Bearer",
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": tokens.application_token(world, tenant, principal, resource, life, proof=proof, able=able),
    }


def _check_enabled(world: World, person: DirectoryObject) -> None:
    """Raises EntraError 50057."""
    if not people.is_enabled(world, person):
        raise EntraError(50057, "The user account is disabled.")


def _are_consented(asked: Asked, held: list[str]) -> bool:
    """Whether every permission that is asked for by name was consented to."""
    return asked.default or {name.lower() for name in asked.names} <= {value.lower() for value in held}


def _check_policies(
    world: World, tenant: Tenant, person: DirectoryObject, client: Client, resource_app_id: str, *, how: How
) -> None:
    """Conditional Access is asked whenever tokens go out. Raises EntraError 53003, 53000, 50076, 530036."""
    sign_in = conditional_access.SignIn(
        person,
        client.app_id,
        resource_app_id,
        how.flow,
        how.methods,
        compliant_device=conditional_access.has_compliant_device(person, how.flow),
        renewed=bool(how.renews_until),
    )
    verdict = conditional_access.judge(world, tenant, sign_in)
    if verdict is not None:
        raise verdict.error()


def _scope_text(asked: Asked, resource: DirectoryObject, values: list[str]) -> str:
    """Granted permissions, qualified as the client qualified them."""
    unnamed = (*scopes.openid_scopes,) if resource.body["appId"] == data.graph_app_id else ()
    named = [value if value in unnamed else f"{asked.prefix}{value}" for value in values if value != "offline_access"]
    return " ".join([*named, *([f"{asked.prefix}.default"] if asked.default else [])])


def _refresh_token(
    world: World, tenant: Tenant, person: DirectoryObject, client: Client, asked: Asked, *, how: How
) -> str:
    token = f"1.{world.ids.opaque(192, 'refresh')}"
    text = " ".join([*asked.openid, *(f"{asked.prefix}{name}" for name in asked.names)])
    now = world.clock.seconds()
    kept = Refresh(
        client.app_id,
        tenant.id,
        person.id,
        text,
        _refresh_until(now, how),
        now,
        how.flow,
        list(how.methods),
        how.proved_at,
        how.platform,
    )
    world.login.add_refresh(token, kept)
    return token


def _refresh_until(now: float, how: How) -> float:
    """Ninety days without use; a single page's end a day after the sign-in, renewed or not."""
    if how.platform == "spa":
        return how.renews_until or now + _refresh_life_of_pages
    return now + _refresh_life


def _client_info(tenant: Tenant, person: DirectoryObject) -> str:
    """MSAL's account id: the person's ids at home."""
    ids = {"uid": person.hidden.get("home_user", person.id), "utid": person.hidden.get("home_tenant", tenant.id)}
    return base64.urlsafe_b64encode(json.dumps(ids, separators=(",", ":")).encode()).rstrip(b"=").decode()
