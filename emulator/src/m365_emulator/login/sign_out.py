"""Signing out: the browser's sessions end, and the person goes back to an address that an application registered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.routing import Route

from m365_emulator.keys import BadToken
from m365_emulator.login import addresses
from m365_emulator.login.browser import Browser
from m365_emulator.login.clients import Client
from m365_emulator.login.render import page, redirect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World


def routes(world: World) -> list[Route]:
    """Under every tenant segment, versions 1 and 2."""

    async def sign_out(request: Request) -> Response:
        form = parse_qsl((await request.body()).decode("utf-8", "replace"))
        Browser(world, request).sign_out()
        return _leave(world, {**request.query_params, **dict(form)})

    methods = ["GET", "POST"]
    where = ("/{tenant}/oauth2/v2.0/logout", "/{tenant}/oauth2/logout")
    return [Route(one, sign_out, methods=methods) for one in where]


def _leave(world: World, asked: Mapping[str, str]) -> Response:
    """Back to the application, if the address is registered; otherwise a page, as Entra shows it."""
    wanted = asked.get("post_logout_redirect_uri", "")
    if not wanted or not any(addresses.platform(client, wanted) for client in _clients(world, asked)):
        return page("signed_out")
    state = urlencode({"state": asked["state"]}) if asked.get("state") else ""
    joint = "&" if "?" in wanted else "?"
    return redirect(f"{wanted}{joint}{state}" if state else wanted)


def _clients(world: World, asked: Mapping[str, str]) -> Iterator[Client]:
    """The application that the client names, by its id or by an id token; all of them when it names none."""
    named = asked.get("client_id") or _audience(world, asked.get("id_token_hint", ""))
    if named:
        found = world.directory.home_of_application(named)
        yield from [Client(*found)] if found is not None else []
        return
    for tenant in world.directory.tenants.looked_at():
        yield from (Client(tenant, application) for application in tenant.of_kind("application"))


def _audience(world: World, token: str) -> str:
    try:
        return str(world.keys.verify(token).get("aud", "")) if token else ""
    except BadToken:
        return ""
