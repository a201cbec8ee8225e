"""``/oidc/userinfo``: OpenID Connect's own question about the person behind a token for Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator import partners, tokens
from m365_emulator.errors import GraphError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

path = "/oidc/userinfo"


def routes(world: World) -> list[Route]:
    """By GET or POST, as the standard wants it."""

    async def userinfo(request: Request) -> Response:
        caller = tokens.authenticate(world, request.headers.get("authorization"))
        return JSONResponse(_claims(world, caller))

    return [Route(path, userinfo, methods=["GET", "POST"])]


def _claims(world: World, caller: tokens.Caller) -> dict[str, Any]:
    """``sub`` as in the client's id token; the rest as far as the token's permissions and the directory go."""
    person = partners.find(world, caller.tenant, caller.user_id) if caller.user_id else None
    if person is None:
        raise GraphError(403, "Authorization_RequestDenied", "The token is not a person's.")
    names = (
        {"name": "displayName", "given_name": "givenName", "family_name": "surname"}
        if "profile" in caller.scopes
        else {}
    )
    email = {"email": "mail"} if "email" in caller.scopes else {}
    shown = {claim: person.body[key] for claim, key in {**names, **email}.items() if person.body.get(key)}
    picture = {"picture": "https://graph.microsoft.com/v1.0/me/photo/$value"} if names else {}
    return {"sub": tokens.pairwise(world, person, caller.app_id), **shown, **picture}
