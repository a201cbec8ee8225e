"""A refresh token gives new tokens, for the same API or for another one that was consented to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, people, proofs, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.login.clients import Client
    from m365_emulator.login.memory import Refresh
    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """The first API that the scope names gets the token (OAuth 2.0 authorization code flow: refresh).

    Raises EntraError 70000 (foreign or unknown token), 700082 or 700084 (too old), 50173 (password changed).
    """
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    kept = world.login.refreshes.get(clients.required(form, "refresh_token"))
    if kept is None or not _may_use(world, client, kept):
        raise EntraError(70000, "The provided value for the input parameter 'refresh_token' is not valid.")
    _check_life(world, kept)
    origin = request.headers.get("origin", "")
    proof = proofs.of_platform(world, client, tenant, form, platform=kept.platform, origin=origin)
    home, person = people.at(world, kept.tenant_id, kept.user_id)
    _check_password(people.account_of(world, person), kept)
    if tenant is not None and tenant is not home:
        home, person = tenant, people.elsewhere(world, tenant, home, person)
    original = scopes.parse(world, kept.scope)
    asked = scopes.with_openid_of(original, scopes.parse_all(world, form.get("scope") or kept.scope)[0])
    able = access_evaluation.capabilities(form)
    how = issue.How(kept.flow, tuple(kept.methods), proof, kept.platform, kept.expires_at, kept.proved_at, able)
    return issue.for_person(world, home, person, client, asked, how=how, client_info=form.get("client_info") == "1")


def _may_use(world: World, client: Client, kept: Refresh) -> bool:
    """A refresh token is its client's own, or its family's: some of Microsoft's clients share theirs."""
    family = clients.family(world, client.app_id)
    return client.app_id == kept.client_id or (family != "" and family == clients.family(world, kept.client_id))


def _check_life(world: World, kept: Refresh) -> None:
    if world.clock.seconds() < kept.expires_at:
        return
    if kept.platform == "spa":
        raise EntraError(
            700084,
            "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
            "1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA "
            "to the sign in page.",
        )
    raise EntraError(700082, "The refresh token has expired due to inactivity.")


def _check_password(person: DirectoryObject, kept: Refresh) -> None:
    """A refresh token ends with the password that it came from, or when somebody revokes it."""
    if person.hidden.get("password_expired"):
        raise EntraError(50055, "The password is expired.")
    if kept.revoked or float(person.hidden.get("password_changed_at", 0)) > kept.issued_at:
        raise EntraError(
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
