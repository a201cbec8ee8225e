"""The portal's entrance: sign-in, form tokens, notes between pages; each page itself is a function over a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from m365_emulator.errors import GraphError
from m365_emulator.login.browser import Browser, sign_in_address, signed_in
from m365_emulator.portal import graph_access, rendering
from m365_emulator.portal.desk import Crumb, Desk, Shown, Went, root
from m365_emulator.portal.notes import Note, Notes
from m365_emulator.portal.pages import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from m365_emulator.world import World

    Page = Callable[[Desk], Shown | Went]

_purpose = "portal"


def routes(world: World) -> list[Route]:
    """One route for each page and form, and the stylesheet."""
    notes = Notes()

    async def style(_request: Request) -> Response:
        return Response(rendering.style(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return [
        Route(f"{root}/portal.css", style),
        *(Route(root + path, _entrance(world, notes, page), methods=[method]) for method, path, page in pages),
    ]


def _entrance(world: World, notes: Notes, page: Page) -> Callable[[Request], object]:
    async def enter(request: Request) -> Response:
        found = signed_in(world, request)
        if found is None:
            return RedirectResponse(sign_in_address(_own_address(request)), 303)
        tenant, person = found
        browser = Browser(world, request)
        form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        desk = Desk(
            world,
            tenant,
            person,
            graph_access.of(world, tenant, person),
            request.url.path,
            dict(request.path_params),
            dict(request.query_params),
            form if request.method == "POST" else {},
        )
        if request.method != "POST":
            note = notes.take(browser.id, desk.asked("note"))
            return _rendered(desk, browser, _shown(page, desk), note)
        if not browser.is_canary(_purpose, desk.typed("canary")):
            return _rendered(desk, browser, _stale_form(), None)
        return _gone(world, notes, browser, _went(page, desk))

    return enter


def _shown(page: Page, desk: Desk) -> Shown:
    try:
        shown = page(desk)
    except GraphError as error:
        return _refused(error)
    assert isinstance(shown, Shown)  # noqa: S101 a page that is read gives a page; only forms go elsewhere
    return shown


def _went(page: Page, desk: Desk) -> tuple[str, Note]:
    """Where to go after a form, with what to say there; a refusal by Graph goes back to where the form was."""
    try:
        went = page(desk)
    except GraphError as error:
        return desk.typed("back") or root, Note(
            "bad", error.message, code=f"{error.status} {error.code}" if error.code else ""
        )
    assert isinstance(went, Went)  # noqa: S101 as above
    return went.address, Note("good", went.words, secret=went.secret)


def _gone(world: World, notes: Notes, browser: Browser, went: tuple[str, Note]) -> Response:
    target, note = went
    if not target.startswith(f"{root}/"):
        target = root
    key = world.ids.opaque(12, "portal-note")
    notes.leave(browser.id, key, note)
    joint = "&" if "?" in target else "?"
    return RedirectResponse(f"{target}{joint}note={key}", 303, {"Cache-Control": "no-store"})


def _rendered(desk: Desk, browser: Browser, shown: Shown, note: Note | None) -> Response:
    return browser.mark(
        rendering.html(
            shown,
            desk=desk,
            note=note,
            canary=browser.canary(_purpose),
            switch=sign_in_address(desk.path),
            sign_out="/common/oauth2/v2.0/logout",
        )
    )


def _refused(error: GraphError) -> Shown:
    return Shown("refused", "This page can't be shown", (Crumb("Home", root),), {"error": error}, error.status)


def _stale_form() -> Shown:
    error = GraphError(
        403,
        "",
        "This form was made in another browser, or before you signed in again. "
        "Go back, load the page again and repeat what you did.",
    )
    return _refused(error)


def _own_address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
