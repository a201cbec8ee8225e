"""The pages that people see: type the code, sign in, confirm, consent, done. Plain HTML, no script, nothing remote."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from m365_emulator import data
from m365_emulator.errors import EntraError
from m365_emulator.login import authorize, consent, decisions, gate, visits, walk
from m365_emulator.login.browser import Browser, start_path
from m365_emulator.login.memory import AuthorizeRequest, DeviceFlow, Visit
from m365_emulator.login.render import page, redirect, to_visit, visit_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from m365_emulator.log import Entry
    from m365_emulator.world import World


def routes(world: World) -> list[Route]:
    """``/devicelogin`` is the short address of ``/common/oauth2/deviceauth``, as at Microsoft."""

    async def code_page(request: Request) -> Response:
        browser = Browser(world, request)
        return browser.mark(page("code", canary=browser.canary("code"), problem="", value=""))

    async def code_typed(request: Request) -> Response:
        return _code_typed(world, request, await _form(request))

    async def visit_page(request: Request) -> Response:
        browser = Browser(world, request)
        visit = _visit(world, browser, request.query_params.get("visit", ""))
        return _show(world, browser, visit, request.scope["emulator.entry"])

    async def visit_answered(request: Request) -> Response:
        return _answered(world, request, await _form(request))

    async def start(request: Request) -> Response:
        return _start_page_visit(world, request)

    async def error(request: Request) -> Response:
        return _explain(request.query_params.get("code", ""))

    async def style(_request: Request) -> Response:
        return Response(_style(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return [
        Route("/devicelogin", code_page),
        Route("/devicelogin", code_typed, methods=["POST"]),
        Route("/common/oauth2/deviceauth", code_page),
        Route("/common/oauth2/deviceauth", code_typed, methods=["POST"]),
        Route(visit_path, _on_a_page(visit_page)),
        Route(visit_path, _on_a_page(visit_answered), methods=["POST"]),
        Route(start_path, start),
        Route("/error", error),
        Route("/shared/signin.css", style),
    ]


def _on_a_page(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Entra's refusals are for clients; a person reads them on a page."""

    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except EntraError as error:
            return page("refused", status=400, problem=str(error))

    return told


def _code_typed(world: World, request: Request, form: dict[str, str]) -> Response:
    browser = Browser(world, request)
    typed = form.get("otc", "")
    _check_canary(browser, "code", form)
    found = visits.type_code(world, typed)
    if not isinstance(found, DeviceFlow):
        return browser.mark(page("code", canary=browser.canary("code"), problem=found, value=typed))
    visit = _add_visit(world, browser, kind="device", reference=found.device_code, segment=found.segment)
    return browser.mark(to_visit(visit))


def _start_page_visit(world: World, request: Request) -> Response:
    """Sign in for a page of the emulator's own, such as the portal."""
    target = request.query_params.get("next", "/portal/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        raise HTTPException(400, "next must be a path of this emulator.")
    browser = Browser(world, request)
    return browser.mark(to_visit(_add_visit(world, browser, kind="page", reference=target, segment="organizations")))


def _answered(world: World, request: Request, form: dict[str, str]) -> Response:
    """One thing that a person did; the answer is the next page (after a redirect, so that reloading is harmless)."""
    browser = Browser(world, request)
    visit = _visit(world, browser, form.get("visit", ""))
    _check_canary(browser, visit.id, form)
    step, action = visit.step, form.get("action", "")
    problem = ""
    if step == "account":
        problem = _answer_account(world, visit, browser, form, action)
    elif step == "organization":
        problem = "" if action == "back" else visits.choose_organization(world, visit, form.get("domain", "").strip())
        visit.step = "account" if action == "back" else visit.step
    elif step == "password":
        problem = _answer_password(world, visit, browser, form, action)
    elif step in ("mfa", "update_password", "request") and action in ("switch", "cancel"):
        _answer_decision(world, visit, form, action)
    elif step == "mfa":
        problem = visits.enter_number(world, visit, browser, form.get("otc", ""))
    elif step == "update_password":
        problem = visits.update_password(world, visit, browser, form)
    elif step == "request":
        problem = decisions.ask_administrator(world, visit, form.get("reason", ""))
    else:
        _answer_decision(world, visit, form, action)
    return _show(world, browser, visit, request.scope["emulator.entry"], problem) if problem else to_visit(visit)


def _answer_account(world: World, visit: Visit, browser: Browser, form: dict[str, str], action: str) -> str:
    if "pick" in form:
        visits.pick_session(world, visit, browser, form["pick"])
        return ""
    if action == "organization":
        visit.step = "organization"
        return ""
    return visits.choose_account(world, visit, form.get("loginfmt", "").strip())


def _answer_password(world: World, visit: Visit, browser: Browser, form: dict[str, str], action: str) -> str:
    if action == "back":
        visit.step = "account"
        return ""
    return visits.enter_password(world, visit, browser, form.get("passwd", ""))


def _answer_decision(world: World, visit: Visit, form: dict[str, str], action: str) -> None:
    """Pages with buttons only; an action that a page does not have changes nothing."""
    match (visit.step, action):
        case ("confirm", "continue"):
            decisions.agree_to_sign_in(world, visit)
        case ("consent", "accept"):
            decisions.agree_to_permissions(world, visit, for_all="for_organization" in form)
        case ("admin_consent", "accept"):
            decisions.agree_for_all(world, visit)
        case (("confirm" | "consent" | "admin_consent" | "approval" | "request" | "requested"), "cancel"):
            decisions.decline(world, visit)
        case (("approval" | "failed" | "confirm" | "blocked" | "mfa" | "update_password" | "request"), "switch"):
            visits.use_another_account(visit)
        case _:
            return


def _show(world: World, browser: Browser, visit: Visit, entry: Entry, problem: str = "") -> Response:
    flow = world.login.asking(visit.reference)
    if visit.kind == "page" and visit.step == "done":
        return redirect(visit.reference)
    if isinstance(flow, AuthorizeRequest) and visit.step in ("done", "declined"):
        return authorize.finish(world, browser.scope, flow)
    shown: dict[str, Any] = {"visit": visit, "canary": browser.canary(visit.id), "problem": problem}
    shown["app"] = gate.app_name(world, flow) if flow is not None else ""
    if visit.step == "account":
        shown["sessions"] = visits.pickable(world, visit, browser)
    if visit.step == "blocked":
        shown.update(number=visit.number, details=gate.details(world, visit, flow, entry.request_id))
    if visit.step in ("consent", "approval", "request", "admin_consent"):
        shown.update(_permissions(world, visit))
    leads_to = authorize.form_targets(flow) if isinstance(flow, AuthorizeRequest) else ""
    return browser.mark(page(visit.step, leads_to=leads_to, **shown))


def _permissions(world: World, visit: Visit) -> dict[str, Any]:
    """What the pages about permissions show."""
    tenant, person, client = walk.parties(world, visit)
    list_of = decisions.admin_permissions if visit.kind == "admin" else decisions.wanted_permissions
    return {
        "permissions": list_of(world, visit),
        "tenant": tenant,
        "publisher": client.home,
        "for_all": consent.may_grant_for_all(world, tenant, person),
    }


def _visit(world: World, browser: Browser, visit_id: str) -> Visit:
    """The visit, if it is this browser's own."""
    visit = world.login.visits.get(visit_id)
    forgotten = visit is not None and visit.kind != "page" and world.login.asking(visit.reference) is None
    if visit is None or forgotten or visit.browser != browser.id:
        raise HTTPException(400, "This sign-in is over, or it began in another browser. Start again at /devicelogin.")
    return visit


def _add_visit(world: World, browser: Browser, *, kind: str, reference: str, segment: str) -> Visit:
    visit = Visit(world.ids.opaque(18, "visit"), browser.id, kind, reference, segment)
    world.login.add_visit(visit)
    return visit


def _check_canary(browser: Browser, purpose: str, form: dict[str, str]) -> None:
    if not browser.is_canary(purpose, form.get("canary", "")):
        raise HTTPException(403, "This form is not from this browser, or cookies are switched off. Reload the page.")


def _explain(code: str) -> Response:
    row = data.errors().get(int(code) if code.isascii() and code.isdigit() else 0)
    if row is None:
        raise HTTPException(404, "There is no such error code here.")
    return page("explain", code=code, row=row)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


@cache
def _style() -> str:
    return (resources.files("m365_emulator.login") / "templates" / "signin.css").read_text("utf-8")
