"""The application signs in as itself, with a secret in the body or in a Basic header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import tokens
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """A token; it says nothing about permissions, because Entra gives one to an application without any."""
    tenant = tenants.require(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    if not form.get("client_secret"):
        raise EntraError(
            7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        )
    principal = clients.principal_for_secret(world, client, tenant)
    clients.check_secret(world, client, form["client_secret"])
    asked = scopes.parse(clients.required(form, "scope"))
    if asked.names != (".default",):
        raise EntraError(
            70011,
            "The provided request must include a 'scope' input parameter. The provided value for "
            f"the input parameter 'scope' is not valid. The scope {form['scope']} is not valid: "
            "client credential flows must have a scope value with /.default suffixed to the "
            "resource identifier (application ID URI).",
        )
    request.scope["emulator.unchanged"] = True
    return issue.for_application(world, tenant, principal, tokens.Resource(*scopes.find_resource(world, tenant, asked)))
