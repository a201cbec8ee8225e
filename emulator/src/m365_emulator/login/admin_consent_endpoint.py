"""``GET /{tenant}/adminconsent`` (version 1) and ``GET /{tenant}/v2.0/adminconsent``: an administrator follows a link.

It ends at the redirect address with ``admin_consent=True`` and ``tenant``, or with ``error``; a client must not take
either for proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from m365_emulator.errors import EntraError
from m365_emulator.login import addresses, admin_consent, clients, tenants
from m365_emulator.login.browser import Browser
from m365_emulator.login.memory import AuthorizeRequest, Visit
from m365_emulator.login.render import page, to_visit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

_hour = 3600


def routes(world: World) -> list[Route]:
    """Both versions; what is wrong with the link is told on a page."""

    async def version_one(request: Request) -> Response:
        return _begin(world, request, "")

    async def version_two(request: Request) -> Response:
        try:
            scope = clients.required(request.query_params, "scope")
        except EntraError as error:
            return page("refused", status=400, problem=str(error))
        return _begin(world, request, scope)

    return [
        Route("/{tenant}/adminconsent", version_one),
        Route("/{tenant}/v2.0/adminconsent", version_two),
    ]


def _begin(world: World, request: Request, scope: str) -> Response:
    try:
        made = _request(world, request, scope)
    except EntraError as error:
        return page("refused", status=400, problem=str(error))
    browser = Browser(world, request)
    visit = Visit(world.ids.opaque(18, "visit"), browser.id, "admin", made.id, made.segment)
    world.login.add_visit(visit)
    return browser.mark(to_visit(visit))


def _request(world: World, request: Request, scope: str) -> AuthorizeRequest:
    asked, segment = request.query_params, request.path_params["tenant"].lower()
    if segment == "common" and scope:
        tenants.require(world, segment)
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(asked, "client_id"), tenant)
    redirect_uri = addresses.check(client, asked.get("redirect_uri", ""))
    admin_consent.wanted(world, tenant or client.home, client, scope)
    now = world.clock.seconds()
    world.login.forget_before(now - _hour)
    made = AuthorizeRequest(
        id=world.ids.opaque(18, "authorize"),
        client_id=client.app_id,
        segment=segment,
        scope=scope,
        redirect_uri=redirect_uri,
        response_mode="query",
        client_state=asked.get("state", ""),
        nonce="",
        challenge="",
        expires_at=now + _hour,
        kind="admin_consent",
    )
    world.login.requests[made.id] = made
    return made
