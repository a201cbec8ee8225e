"""``POST /{tenant}/oauth2/v2.0/token``: finds the grant and lets it answer. One file per grant in ``grants/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator.errors import EntraError
from m365_emulator.login import clients
from m365_emulator.login.grants import (
    authorization_code,
    client_credentials,
    device_code,
    on_behalf_of,
    password,
    refresh_token,
)
from m365_emulator.login.proofs import federated
from m365_emulator.login.refusals import only_post, uncached

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

_grants = {
    "authorization_code": authorization_code.redeem,
    "client_credentials": client_credentials.redeem,
    "refresh_token": refresh_token.redeem,
    "urn:ietf:params:oauth:grant-type:device_code": device_code.redeem,
    "device_code": device_code.redeem,
    "password": password.redeem,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": on_behalf_of.redeem,
}


def routes(world: World) -> list[Route]:
    """Version 2, and version 1 with its ``resource`` parameter."""

    async def token(request: Request) -> Response:
        form = await _form(request)
        await federated.fetch(world, form)
        return _redeem(world, request, form)

    async def token_version_one(request: Request) -> Response:
        form = await _form(request)
        await federated.fetch(world, form)
        if form.get("resource") or form.get("grant_type") == "client_credentials":
            api = f"{clients.required(form, 'resource').rstrip('/')}/.default"
            of_people = "" if form.get("grant_type") == "client_credentials" else "openid profile offline_access "
            form["scope"] = f"{of_people}{api}"
        return _redeem(world, request, form, version=1)

    return [
        Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
        Route("/{tenant}/oauth2/token", token_version_one, methods=["POST"]),
        Route("/{tenant}/oauth2/v2.0/token", only_post, methods=["GET"]),
        Route("/{tenant}/oauth2/token", only_post, methods=["GET"]),
    ]


def _redeem(world: World, request: Request, form: dict[str, str], *, version: int = 2) -> Response:
    grant = _grants.get(clients.required(form, "grant_type"))
    if grant is None:
        raise EntraError(70003, f"The app requested an unsupported grant type '{form['grant_type']}'.")
    answer = grant(world, request, request.path_params["tenant"], form)
    if version == 1:
        answer = _as_version_one(world, answer)
    return JSONResponse(answer, headers=uncached)


def _as_version_one(world: World, answer: dict[str, Any]) -> dict[str, Any]:
    """Times as text, from when to when the token is good, and which API it is for."""
    claims = world.keys.verify(answer["access_token"])
    times = {"expires_on": claims["exp"], "not_before": claims["nbf"]}
    lives = {name: answer[name] for name in ("expires_in", "ext_expires_in")}
    return {**answer, **{name: str(value) for name, value in {**lives, **times}.items()}, "resource": claims["aud"]}


async def _form(request: Request) -> dict[str, str]:
    """The form, with a Basic header's client id and secret put where the body would have them."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    if (pair := clients.basic(request)) is not None:
        form["client_id"], form["client_secret"] = pair
    return form
