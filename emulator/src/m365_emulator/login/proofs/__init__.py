"""How an application proves itself at the token endpoint: secret, certificate, or the token of a trusted issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.login import clients
from m365_emulator.login.proofs import assertions, certificate, federated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.world import World

PUBLIC = "0"
SECRET = "1"  # noqa: S105 values of the claim appidacr
ASSERTION = "2"


def of_person_flow(world: World, client: Client, tenant: Tenant | None, form: Mapping[str, str]) -> str:
    """As :func:`prove` for flows of people, where a public client must prove nothing. Raises EntraError 700025 too."""
    if client.is_public:
        clients.check_public(client, form)
        return PUBLIC
    return prove(world, client, tenant, form)


def prove(world: World, client: Client, tenant: Tenant | None, form: Mapping[str, str]) -> str:
    """Check the proof that came along; returns the claim ``appidacr``. Raises EntraError: there is none, or it fails.

    Call :func:`federated.fetch` before, which may have to ask another issuer for its keys.
    """
    clients.required_proof(form)
    if form.get("client_assertion"):
        given = assertions.read(form)
        if assertions.is_own(given, client):
            certificate.check(world, client, tenant, given)
        else:
            federated.check(world, client, given)
        return ASSERTION
    clients.check_secret(world, client, form["client_secret"])
    return SECRET
