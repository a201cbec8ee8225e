"""On behalf of: an API changes a person's token for itself into one for another API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation, tokens
from m365_emulator.errors import EntraError
from m365_emulator.keys import BadToken
from m365_emulator.login import clients, issue, people, proofs, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.login.clients import Client
    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Raises EntraError 50013 (no token of ours), 500131 (another API's), 500133 (too old), 7000114 (no person's)."""
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    proof = proofs.prove(world, client, tenant, form, origin=request.headers.get("origin", ""))
    if clients.required(form, "requested_token_use") != "on_behalf_of":
        raise EntraError(70003, f"The requested_token_use '{form['requested_token_use']}' is not supported.")
    claims = _claims(world, client, clients.required(form, "assertion"))
    home, person = people.at(world, claims["tid"], claims["oid"])
    if tenant is not None and tenant is not home:
        home, person = tenant, people.elsewhere(world, tenant, home, person)
    asked = scopes.parse(world, clients.required(form, "scope"))
    able = access_evaluation.capabilities(form)
    how = issue.How(
        "onBehalfOf", tokens.proved_methods(claims), proof, "web", proved_at=float(claims["iat"]), able=able
    )
    return issue.for_person(world, home, person, client, asked, how=how, client_info=form.get("client_info") == "1")


def _same(audience: str) -> str:
    """Addresses of an API compare without case and without the slash at their end, as scopes that name them do."""
    return audience.casefold().rstrip("/")


def _claims(world: World, client: Client, assertion: str) -> dict[str, Any]:
    """What the person's token says, if it was made for this very client and is still good."""
    try:
        claims = world.keys.verify(assertion)
    except BadToken as error:
        raise EntraError(
            50013, "Assertion failed signature validation. [Reason - The provided signature value did not match.]"
        ) from error
    audience = str(claims.get("aud", ""))
    own = [client.app_id, *(client.application.body.get("identifierUris") or [])]
    if _same(audience) not in {_same(each) for each in own}:
        raise EntraError(
            500131,
            "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion "
            f"was '{audience}' and the expected audience is '{client.app_id}' or one of the Application Uris of this "
            f"application with App ID '{client.app_id}'({client.name}).",
        )
    if world.clock.seconds() >= claims["exp"]:
        raise EntraError(500133, "Assertion is not within its valid time range.")
    if "scp" not in claims:
        raise EntraError(
            7000114, f"Application '{client.app_id}' is not allowed to make application on-behalf-of calls."
        )
    return claims
