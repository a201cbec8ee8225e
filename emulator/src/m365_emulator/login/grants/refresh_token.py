"""A refresh token gives new tokens, for the same API or for another one that was consented to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.world import World


def redeem(world: World, _request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Raises EntraError 70000 for a foreign or unknown token, 700082 for one that was unused too long."""
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    kept = world.login.refreshes.get(clients.required(form, "refresh_token"))
    if kept is None or kept.client_id != client.app_id or (tenant is not None and tenant.id != kept.tenant_id):
        raise EntraError(70000, "The provided value for the input parameter 'refresh_token' is not valid.")
    if world.clock.seconds() >= kept.expires_at:
        raise EntraError(700082, "The refresh token has expired due to inactivity.")
    if not client.is_public:
        clients.check_secret(world, client, form.get("client_secret", ""))
    home = world.directory.tenants[kept.tenant_id]
    person = home.objects.get(kept.user_id)
    if person is None:
        raise EntraError(50034, "The user account does not exist in the directory.")
    asked = scopes.parse(form.get("scope") or kept.scope)
    return issue.for_person(world, home, person, client, asked, client_info=form.get("client_info") == "1")
