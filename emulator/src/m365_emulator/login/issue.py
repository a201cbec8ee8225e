"""The token endpoint's good answers: which tokens go out together."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from m365_emulator import data, tokens
from m365_emulator.errors import EntraError
from m365_emulator.login import consent, scopes
from m365_emulator.login.memory import Refresh

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.scopes import Asked
    from m365_emulator.world import World

_refresh_life = 90 * 86_400.0


def for_person(
    world: World,
    tenant: Tenant,
    person: DirectoryObject,
    client: Client,
    asked: Asked,
    *,
    client_info: bool,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Tokens for a person's consented permissions. Raises EntraError 50057, 65001, 500011."""
    if person.body.get("accountEnabled") is False:
        raise EntraError(50057, "The user account is disabled.")
    resource, audience = scopes.find_resource(world, tenant, asked)
    principal = tenant.principal(client.app_id)
    values = [] if principal is None else consent.granted(world, tenant, person, principal, resource)
    if principal is None or not values:
        raise EntraError(
            65001,
            f"The user or administrator has not consented to use the application with ID "
            f"'{client.app_id}' named '{client.name}'. Send an interactive authorization request "
            "for this user and resource.",
        )
    life = world.ids.number(3600, 5400, "life")
    at = tokens.Resource(resource, audience)
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
            confidential=not client.is_public,
            scopes=[value for value in values if value != "offline_access"],
        ),
    }
    if "offline_access" in openid:
        answer["refresh_token"] = _refresh_token(world, tenant, person, client, asked)
    if "openid" in openid:
        answer["id_token"] = tokens.id_token(world, tenant, person, client.app_id, nonce=nonce, life=life)
    if client_info:
        answer["client_info"] = _client_info(tenant, person)
    return answer


def for_application(
    world: World,
    tenant: Tenant,
    principal: DirectoryObject,
    resource: tokens.Resource,
) -> dict[str, Any]:
    """A token for the application itself."""
    return {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": tokens.application_token(world, tenant, principal, resource, 3599),
    }


def _scope_text(asked: Asked, resource: DirectoryObject, values: list[str]) -> str:
    """Granted permissions, qualified as the client qualified them."""
    unnamed = (*scopes.openid_scopes,) if resource.body["appId"] == data.graph_app_id else ()
    named = [value if value in unnamed else f"{asked.prefix}{value}" for value in values if value != "offline_access"]
    return " ".join([*named, *([f"{asked.prefix}.default"] if asked.default else [])])


def _refresh_token(world: World, tenant: Tenant, person: DirectoryObject, client: Client, asked: Asked) -> str:
    token = f"1.{world.ids.opaque(192, 'refresh')}"
    text = " ".join([*asked.openid, *(f"{asked.prefix}{name}" for name in asked.names)])
    world.login.refreshes[token] = Refresh(
        client.app_id, tenant.id, person.id, text, world.clock.seconds() + _refresh_life
    )
    return token


def _client_info(tenant: Tenant, person: DirectoryObject) -> str:
    """MSAL's account id: the person's ids at home."""
    ids = {"uid": person.hidden.get("home_user", person.id), "utid": person.hidden.get("home_tenant", tenant.id)}
    return base64.urlsafe_b64encode(json.dumps(ids, separators=(",", ":")).encode()).rstrip(b"=").decode()
