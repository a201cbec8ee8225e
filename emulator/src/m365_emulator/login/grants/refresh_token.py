"""A refresh token gives new tokens, for the same API or for another one that was consented to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, people, proofs, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.login.memory import Refresh
    from m365_emulator.world import World


def redeem(world: World, _request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Raises EntraError 70000 (foreign or unknown token), 700082 (unused too long), 50173 (password changed), 50055."""
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    kept = world.login.refreshes.get(clients.required(form, "refresh_token"))
    if kept is None or kept.client_id != client.app_id or (tenant is not None and tenant.id != kept.tenant_id):
        raise EntraError(70000, "The provided value for the input parameter 'refresh_token' is not valid.")
    if world.clock.seconds() >= kept.expires_at:
        raise EntraError(700082, "The refresh token has expired due to inactivity.")
    proof = proofs.of_person_flow(world, client, tenant, form)
    home, person = people.at(world, kept.tenant_id, kept.user_id)
    _check_password(person, kept)
    asked = scopes.parse(form.get("scope") or kept.scope)
    how = issue.How(kept.flow, tuple(kept.methods), proof, renewed=True, proved_at=kept.proved_at)
    return issue.for_person(world, home, person, client, asked, how=how, client_info=form.get("client_info") == "1")


def _check_password(person: DirectoryObject, kept: Refresh) -> None:
    """A refresh token ends with the password that it came from."""
    if person.hidden.get("password_expired"):
        raise EntraError(50055, "The password is expired.")
    if float(person.hidden.get("password_changed_at", 0)) > kept.issued_at:
        raise EntraError(
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
