"""Name and password straight from the client (ROPC): no page, so no second factor, no consent, nobody of elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation, credentials
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, people, proofs, scopes, tenants
from m365_emulator.login.policies import lockout

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Raises EntraError 9001023 (common), 50034 (no such account here), 50126 (password), 50053 (locked), 50055."""
    tenant = tenants.resolve(world, segment)
    if segment.lower() == "common":
        raise EntraError(
            9001023,
            "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations "
            "or tenant-specific endpoint.",
        )
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    if client.is_public:
        clients.check_public(client, form)
        proof = proofs.PUBLIC
    else:
        proof = proofs.prove(world, client, tenant, form, origin=request.headers.get("origin", ""))
    home, person = _account(world, clients.required(form, "username"), tenant)
    _check_password(world, home, person, clients.required(form, "password"))
    asked = scopes.parse(world, clients.required(form, "scope"))
    platform = "publicClient" if proof == proofs.PUBLIC else "web"
    able = access_evaluation.capabilities(form)
    how = issue.How("password", ("pwd",), proof, platform, proved_at=world.clock.seconds(), able=able)
    return issue.for_person(world, home, person, client, asked, how=how, client_info=form.get("client_info") == "1")


def _account(world: World, name: str, tenant: Tenant | None) -> tuple[Tenant, DirectoryObject]:
    """The tenant's own account of this name; guests have none to prove here."""
    home = world.directory.tenant_of_upn(name)
    person = home.user(name) if home is not None and tenant in (None, home) else None
    if home is None or person is None:
        known = tenant or home
        where = known.display_name if known is not None else "Microsoft Services"
        raise EntraError(
            50034,
            f"The user account {{EmailHidden}} does not exist in the {where} directory. To sign into this application, "
            "the account must be added to the directory.",
        )
    return home, people.account_of(world, person)


def _check_password(world: World, home: Tenant, person: DirectoryObject, password: str) -> None:
    if not lockout.is_locked(world, person) and not credentials.is_persons_password(person, password):
        lockout.failed(world, home, person)
        if not lockout.is_locked(world, person):
            raise EntraError(50126, "Error validating credentials due to invalid username or password.")
    if lockout.is_locked(world, person):
        raise EntraError(
            50053,
            "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
        )
    lockout.succeeded(person)
    if person.hidden.get("password_expired"):
        raise EntraError(50055, "The password is expired.")
