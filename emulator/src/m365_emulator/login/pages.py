"""The pages that people see: type the code, sign in, confirm, consent, done. Plain HTML, no script, nothing remote."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jinja2
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from m365_emulator import data
from m365_emulator.login import consent, tenants, visits
from m365_emulator.login.browser import Browser, start_path
from m365_emulator.login.memory import DeviceFlow, Visit

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.world import World

visit_path = "/common/login"
page_headers = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def routes(world: World) -> list[Route]:
    """``/devicelogin`` is the short address of ``/common/oauth2/deviceauth``, as at Microsoft."""

    async def code_page(request: Request) -> Response:
        browser = Browser(world, request)
        return browser.mark(_page("code", canary=browser.canary("code"), problem="", value=""))

    async def code_typed(request: Request) -> Response:
        return _code_typed(world, request, await _form(request))

    async def visit_page(request: Request) -> Response:
        browser = Browser(world, request)
        visit = _visit(world, browser, request.query_params.get("visit", ""))
        return _show(world, browser, visit)

    async def visit_answered(request: Request) -> Response:
        return _answered(world, request, await _form(request))

    async def start(request: Request) -> Response:
        return _start_page_visit(world, request)

    async def sign_out(request: Request) -> Response:
        Browser(world, request).sign_out()
        return _page("signed_out")

    async def error(request: Request) -> Response:
        return _explain(request.query_params.get("code", ""))

    async def style(_request: Request) -> Response:
        return Response(_style(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return [
        Route("/devicelogin", code_page),
        Route("/devicelogin", code_typed, methods=["POST"]),
        Route("/common/oauth2/deviceauth", code_page),
        Route("/common/oauth2/deviceauth", code_typed, methods=["POST"]),
        Route(visit_path, visit_page),
        Route(visit_path, visit_answered, methods=["POST"]),
        Route(start_path, start),
        Route("/common/oauth2/v2.0/logout", sign_out),
        Route("/error", error),
        Route("/shared/signin.css", style),
    ]


def _code_typed(world: World, request: Request, form: dict[str, str]) -> Response:
    browser = Browser(world, request)
    typed = form.get("otc", "")
    _check_canary(browser, "code", form)
    found = visits.type_code(world, typed)
    if not isinstance(found, DeviceFlow):
        return browser.mark(_page("code", canary=browser.canary("code"), problem=found, value=typed))
    visit = _add_visit(world, browser, kind="device", reference=found.device_code, segment=found.segment)
    return browser.mark(_to(visit))


def _start_page_visit(world: World, request: Request) -> Response:
    """Sign in for a page of the emulator's own, such as the portal."""
    target = request.query_params.get("next", "/portal/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        raise HTTPException(400, "next must be a path of this emulator.")
    browser = Browser(world, request)
    return browser.mark(_to(_add_visit(world, browser, kind="page", reference=target, segment="organizations")))


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
    else:
        _answer_decision(world, visit, form, action)
    return _show(world, browser, visit, problem) if problem else _to(visit)


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
            visits.agree_to_sign_in(world, visit)
        case ("consent", "accept"):
            visits.agree_to_permissions(world, visit, for_all="for_organization" in form)
        case (("confirm" | "consent" | "approval"), "cancel"):
            visits.decline(world, visit)
        case (("approval" | "failed" | "confirm"), "switch"):
            visits.use_another_account(visit)
        case _:
            return


def _show(world: World, browser: Browser, visit: Visit, problem: str = "") -> Response:
    if visit.kind == "page" and visit.step == "done":
        return RedirectResponse(visit.reference, 303)
    shown: dict[str, Any] = {"visit": visit, "canary": browser.canary(visit.id), "problem": problem, "app": ""}
    if visit.step in ("consent", "approval", "confirm", "done", "declined", "failed") and visit.kind == "device":
        shown["app"] = _app_name(world, visit)
    if visit.step == "account":
        shown["sessions"] = _pickable(world, browser, visit)
    if visit.step in ("consent", "approval"):
        tenant, person, client = visits.parties(world, visit)
        shown.update(
            permissions=visits.wanted_permissions(world, visit),
            tenant=tenant,
            publisher=client.home,
            for_all=consent.may_grant_for_all(world, tenant, person),
        )
    return browser.mark(_page(visit.step, **shown))


def _pickable(world: World, browser: Browser, visit: Visit) -> list[dict[str, str]]:
    """Accounts of this browser that fit the tenant that is signed in to."""
    wanted = tenants.resolve(world, visit.resource_segment)
    rows = []
    for key, session in browser.sessions.items():
        tenant = world.directory.tenants.get(session.tenant_id)
        person = tenant.objects.get(session.user_id) if tenant is not None else None
        if tenant is None or person is None or wanted not in (None, tenant):
            continue
        name = person.hidden.get("sign_in_name", person.body["userPrincipalName"])
        rows.append({"key": key, "name": person.body["displayName"], "account": name, "tenant": tenant.display_name})
    return rows


def _app_name(world: World, visit: Visit) -> str:
    found = world.directory.home_of_application(visits.flow_of(world, visit).client_id)
    return str(found[1].body["displayName"]) if found is not None else "an application"


def _visit(world: World, browser: Browser, visit_id: str) -> Visit:
    """The visit, if it is this browser's own."""
    visit = world.login.visits.get(visit_id)
    if visit is None or visit.browser != browser.id:
        raise HTTPException(400, "This sign-in is over, or it began in another browser. Start again at /devicelogin.")
    return visit


def _add_visit(world: World, browser: Browser, *, kind: str, reference: str, segment: str) -> Visit:
    visit = Visit(world.ids.opaque(18, "visit"), browser.id, kind, reference, segment)
    world.login.add_visit(visit)
    return visit


def _check_canary(browser: Browser, purpose: str, form: dict[str, str]) -> None:
    if not browser.is_canary(purpose, form.get("canary", "")):
        raise HTTPException(403, "This form is not from this browser, or cookies are switched off. Reload the page.")


def _to(visit: Visit) -> Response:
    return RedirectResponse(f"{visit_path}?visit={visit.id}", 303)


def _explain(code: str) -> Response:
    row = data.errors().get(int(code) if code.isascii() and code.isdigit() else 0)
    if row is None:
        raise HTTPException(404, "There is no such error code here.")
    return _page("explain", code=code, row=row)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _page(name: str, **shown: Any) -> Response:
    return HTMLResponse(_templates().get_template(f"{name}.html").render(**shown), headers=page_headers)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("m365_emulator.login"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return (resources.files("m365_emulator.login") / "templates" / "signin.css").read_text("utf-8")
