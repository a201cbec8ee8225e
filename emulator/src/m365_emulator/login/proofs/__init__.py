"""How an application proves itself at the token endpoint: secret, certificate, or the token of a trusted issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.errors import EntraError
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


def of_platform(
    world: World, client: Client, tenant: Tenant | None, form: Mapping[str, str], *, platform: str, origin: str
) -> str:
    """As :func:`prove` for flows of people, where the platform that the person came back to says what proof is due.

    ``web`` must prove itself; ``publicClient`` must not try to, nor ``spa``, which is a page in a browser and shows
    its ``Origin``. Raises EntraError 700025, 9002326 and 9002327 too.
    """
    if platform != "spa":
        _refuse_page(origin)
    if platform == "web":
        return prove(world, client, tenant, form)
    clients.check_no_proof(form)
    if platform == "spa" and not origin:
        raise EntraError(
            9002327,
            "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin "
            "requests.",
        )
    return PUBLIC


def prove(world: World, client: Client, tenant: Tenant | None, form: Mapping[str, str], *, origin: str = "") -> str:
    """Check the proof that came along; returns the claim ``appidacr``. Raises EntraError: there is none, or it fails.

    A page in a browser, which shows its ``Origin``, may use no client's credentials in any flow (OAuth 2.0
    authorization code flow: redirect URIs for single-page apps). Call :func:`federated.fetch` before, which may have to
    ask another issuer for its keys.
    """
    _refuse_page(origin)
    clients.required_proof(form)
    if form.get("client_assertion"):
        given = assertions.read(form)
        if assertions.is_own(given, client):
            certificate.check(world, client, tenant, given)
        else:
            federated.check(world, client, given)
        return ASSERTION
    clients.check_secret(world, client, tenant, form["client_secret"])
    return SECRET


def _refuse_page(origin: str) -> None:
    """Raises EntraError 9002326."""
    if origin:
        raise EntraError(
            9002326,
            "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. "
            f"Request origin: '{origin}'.",
        )
