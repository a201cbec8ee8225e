"""The code of a redirect sign-in is redeemed: once, within ten minutes, by the client that asked, with its verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation
from m365_emulator.errors import EntraError
from m365_emulator.login import addresses, clients, issue, people, proofs, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.login.memory import AuthorizeRequest
    from m365_emulator.world import World


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Raises EntraError 70000 (unknown code), 54005 (used), 70008 (too old), 501481 (verifier), 500112 (address)."""
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    asked = world.login.request_by_code(clients.required(form, "code"))
    if asked is None or asked.client_id != client.app_id:
        raise EntraError(70000, "The provided value for the input parameter 'code' is not valid.")
    tenants.check_same(world, asked.segment, tenant, asked.tenant_id)
    _check(world, asked, form)
    platform, origin = addresses.platform(client, asked.redirect_uri), request.headers.get("origin", "")
    if platform == "spa" and not asked.challenge:
        raise EntraError(
            9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption."
        )
    proof = proofs.of_platform(world, client, tenant, form, platform=platform, origin=origin)
    home, person = people.at(world, asked.tenant_id, asked.user_id)
    original, given = scopes.parse_all(world, asked.scope)[0], form.get("scope")
    wanted = scopes.with_openid_of(original, scopes.parse(world, given)) if given else original
    info = form.get("client_info") == "1"
    able = access_evaluation.capabilities(form)
    how = issue.How("authorizationCode", tuple(asked.methods), proof, platform, proved_at=asked.proved_at, able=able)
    answer = issue.for_person(world, home, person, client, wanted, how=how, client_info=info, nonce=asked.nonce)
    asked.state = "redeemed"
    return answer


def _check(world: World, asked: AuthorizeRequest, form: dict[str, str]) -> None:
    if asked.state == "redeemed":
        raise EntraError(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
    if world.clock.seconds() >= asked.expires_at:
        raise EntraError(70008, "The provided authorization code or refresh token has expired due to inactivity.")
    if form.get("redirect_uri", "") != asked.redirect_uri:
        raise EntraError(
            500112,
            f"The reply address '{form.get('redirect_uri', '')}' does not match the reply address "
            f"'{asked.redirect_uri}' provided when requesting Authorization code.",
            error="invalid_grant",
        )
    if asked.challenge and not hmac.compare_digest(asked.challenge.encode(), _challenge(asked, form).encode()):
        raise EntraError(
            501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        )


def _challenge(asked: AuthorizeRequest, form: dict[str, str]) -> str:
    """What the challenge must have been for the verifier that came with the code."""
    verifier = form.get("code_verifier", "")
    if asked.challenge_method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
