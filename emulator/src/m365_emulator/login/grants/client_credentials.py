"""The application signs in as itself: secret in the body or in a Basic header, certificate, federated credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation, tokens
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, proofs, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """A token; it says nothing about permissions, because Entra gives one to an application without any."""
    tenant = tenants.require(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    clients.required_proof(form)
    principal = clients.principal_for_secret(world, client, tenant)
    proof = proofs.prove(world, client, tenant, form, origin=request.headers.get("origin", ""))
    asked = scopes.parse(world, clients.required(form, "scope"))
    if asked.names != (".default",):
        raise EntraError(
            70011,
            "The provided request must include a 'scope' input parameter. The provided value for "
            f"the input parameter 'scope' is not valid. The scope {form['scope']} is not valid: "
            "client credential flows must have a scope value with /.default suffixed to the "
            "resource identifier (application ID URI).",
        )
    request.scope["emulator.unchanged"] = True
    resource = tokens.resource_of(world, *scopes.find_resource(world, tenant, asked))
    return issue.for_application(
        world, tenant, principal, resource, proof=proof, able=access_evaluation.capabilities(form)
    )
