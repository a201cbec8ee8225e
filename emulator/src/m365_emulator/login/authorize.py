"""``/{tenant}/oauth2/v2.0/authorize``: sign-in by redirect; ends with a code, an id token or both at the client."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.routing import Route

from m365_emulator import data
from m365_emulator.errors import EntraError
from m365_emulator.login import addresses, clients, gate, issue, people, scopes, tenants, visits
from m365_emulator.login.browser import Browser
from m365_emulator.login.memory import AuthorizeRequest, Visit
from m365_emulator.login.refusals import told
from m365_emulator.login.render import page, post_back, redirect, to_visit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from m365_emulator.directory import Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.world import World

_hour = 3600
_response_modes = ("query", "fragment", "form_post")
_response_types = (["code"], ["id_token"], ["code", "id_token"])
_challenge_methods = ("", "plain", "S256")
_digest_size, _longest_verifier = 43, 128
_prompts = ("", "login", "none", "consent", "select_account")


def routes(world: World) -> list[Route]:
    """Versions 2 and 1 (which names an API by ``resource``), by GET and POST.

    Wrong redirect addresses and unknown applications are told on a page, the rest to the client.
    """

    async def authorize(request: Request) -> Response:
        return answer(request, await _asked(request))

    async def authorize_version_one(request: Request) -> Response:
        asked = await _asked(request)
        api = [f"{asked['resource'].rstrip('/')}/.default"] if asked.get("resource") else []
        asked["scope"] = " ".join(["openid", "profile", "offline_access", *api])
        return answer(request, asked)

    def answer(request: Request, asked: dict[str, str]) -> Response:
        try:
            tenant = tenants.resolve(world, request.path_params["tenant"])
            client = clients.find(world, clients.required(asked, "client_id"), tenant)
            redirect_uri = addresses.check(client, asked.get("redirect_uri", "") or addresses.usual(client))
        except EntraError as error:
            return page("refused", status=400, problem=str(error))
        made = _request(world, request.path_params["tenant"], client, redirect_uri, asked)
        try:
            _check(world, client, tenant, asked)
            return _begin(world, request, made, asked.get("login_hint", ""))
        except EntraError as error:
            return send_back(made, **_told(world, request.scope, error))

    methods = ["GET", "POST"]
    return [
        Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=methods),
        Route("/{tenant}/oauth2/authorize", authorize_version_one, methods=methods),
    ]


async def _asked(request: Request) -> dict[str, str]:
    """The parameters, wherever they stand."""
    form = parse_qsl((await request.body()).decode("utf-8", "replace"))
    return {**request.query_params, **dict(form)}


def finish(world: World, scope: Scope, request: AuthorizeRequest) -> Response:
    """Send the browser back to the client: with what it asked for, or with the reason why there is nothing.

    ``scope`` is that of the browser's own request, whose ids the reason carries.
    """
    both = {"admin_consent": "True"} if request.kind == "admin_consent" else {}
    if request.state == "declined" and request.problem:
        return send_back(request, **told(world, scope, "access_denied", request.problem), **both)
    if request.state == "declined" and request.kind == "admin_consent" and not request.scope:
        return send_back(request, error="permission_denied", error_description="The admin canceled the request", **both)
    if request.state == "declined":
        text = "AADSTS65004: User declined to consent to access the app."
        return send_back(request, **told(world, scope, "access_denied", text), error_subcode="cancel", **both)
    if request.kind == "admin_consent":
        return send_back(request, admin_consent="True", tenant=request.tenant_id, **_scope(request))
    kinds = request.response_type.split()
    code = {"code": request.code} if "code" in kinds else {}
    token = {"id_token": issue.id_token_of(world, request)} if "id_token" in kinds else {}
    return send_back(request, **code, **token, session_state=request.id)


def _scope(request: AuthorizeRequest) -> dict[str, str]:
    return {"scope": request.scope} if request.scope else {}


def form_targets(request: AuthorizeRequest) -> str:
    """The origin that forms of this visit may lead to in the end, for the Content-Security-Policy."""
    parts = urlsplit(request.redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"


def _request(
    world: World, segment: str, client: Client, redirect_uri: str, asked: Mapping[str, str]
) -> AuthorizeRequest:
    now = world.clock.seconds()
    world.login.forget_before(now - _hour)
    made = AuthorizeRequest(
        id=world.ids.opaque(18, "authorize"),
        client_id=client.app_id,
        segment=segment.lower(),
        scope=asked.get("scope", ""),
        redirect_uri=redirect_uri,
        response_mode=asked.get("response_mode", "") or _usual_mode(asked.get("response_type", "")),
        response_type=asked.get("response_type", ""),
        prompt=asked.get("prompt", ""),
        domain_hint=asked.get("domain_hint", ""),
        client_state=asked.get("state", ""),
        nonce=asked.get("nonce", ""),
        challenge=asked.get("code_challenge", ""),
        challenge_method=asked.get("code_challenge_method", "") or "plain",
        expires_at=now + _hour,
    )
    world.login.requests[made.id] = made
    return made


def _check(world: World, client: Client, tenant: Tenant | None, asked: Mapping[str, str]) -> None:
    """Raises EntraError for what the client, not the person, got wrong."""
    kinds = sorted(clients.required(asked, "response_type").split())
    if kinds not in _response_types:
        raise EntraError(
            70003,
            "The response type is not supported: only 'code', 'id_token' and both are.",
            error="unsupported_response_type",
        )
    if "id_token" in kinds:
        _check_id_token(client, asked)
    if asked.get("response_mode", "query") not in _response_modes:
        raise EntraError(9002313, f"The response mode is not supported: only {', '.join(_response_modes)} are.")
    if asked.get("prompt", "") not in _prompts:
        raise EntraError(9002313, f"The prompt is not supported: only {', '.join(_prompts[1:])} are.")
    if asked.get("code_challenge") and asked.get("code_challenge_method", "") not in _challenge_methods:
        raise EntraError(9002313, "The code challenge method is not supported: only 'S256' and 'plain' are.")
    _check_challenge(asked.get("code_challenge", ""), asked.get("code_challenge_method", ""))
    for one in scopes.parse_all(world, clients.required(asked, "scope")):
        scopes.check(world, client, tenant, one)


def _check_challenge(challenge: str, method: str) -> None:
    """A digest is 43 characters without padding, a verifier that stands for itself 43 to 128."""
    longest = _digest_size if method == "S256" else _longest_verifier
    if challenge and not _digest_size <= len(challenge) <= longest:
        raise EntraError(501491, "Invalid size of Code_Challenge parameter.")


def _check_id_token(client: Client, asked: Mapping[str, str]) -> None:
    """Raises EntraError 700054 where the registration has none from here, 900144 without nonce, 9002313."""
    granted = (client.application.body.get("web") or {}).get("implicitGrantSettings") or {}
    if not granted.get("enableIdTokenIssuance"):
        raise EntraError(700054, "response_type 'id_token' is not enabled for the application.")
    clients.required(asked, "nonce")
    if asked.get("response_mode") == "query":
        raise EntraError(9002313, "response_mode 'query' is not supported for id tokens.")


def _usual_mode(response_type: str) -> str:
    """Id tokens travel in the fragment, which no server's log keeps."""
    return "fragment" if "id_token" in response_type.split() else "query"


def _begin(world: World, request: Request, made: AuthorizeRequest, hint: str) -> Response:
    """Go on as the sole account that is signed in, or as the hinted one; else let the person choose.

    Source: OAuth 2.0 authorization code flow, the default behaviour of ``prompt``.
    """
    browser = Browser(world, request)
    visit = Visit(world.ids.opaque(18, "visit"), browser.id, "redirect", made.id, made.segment)
    world.login.add_visit(visit)
    keys = _sessions_for(world, browser, visit, hint)
    if made.prompt == "none":
        return _silently(world, visit, browser, keys, made)
    if len(keys) == 1 and made.prompt not in ("login", "select_account"):
        visits.pick_session(world, visit, browser, keys[0])
    elif hint:
        visits.choose_account(world, visit, hint)
    return browser.mark(to_visit(visit))


def _silently(world: World, visit: Visit, browser: Browser, keys: Sequence[str], made: AuthorizeRequest) -> Response:
    """``prompt=none``: a code at once, or the reason why a page would be needed."""
    if not keys:
        raise EntraError(50058, "A silent sign-in request was sent but no user is signed in.")
    if len(keys) > 1:
        raise EntraError(
            16000,
            "Either multiple user identities are available for the current request or selected account is not "
            "supported for the scenario.",
            error="login_required",
        )
    visits.pick_session(world, visit, browser, keys[0])
    if visit.step == "done":
        return finish(world, browser.scope, made)
    if visit.step == "update_password":
        raise EntraError(50055, "The password is expired.", error="interaction_required")
    if visit.problem == visits.disabled:
        raise EntraError(50057, "The user account is disabled.", error="interaction_required")
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    verdict = gate.verdict(world, visit, tenant, person)
    if verdict is not None:
        refusal = verdict.error()
        raise EntraError(refusal.number, refusal.text, error="interaction_required")
    raise EntraError(65001, "The user or administrator has not consented.", error="interaction_required")


def _sessions_for(world: World, browser: Browser, visit: Visit, hint: str) -> list[str]:
    """The browser's sessions that fit the tenant and the hint; a hint names one account, which may be in several."""
    rows = visits.pickable(world, visit, browser)
    keys = [row["key"] for row in rows if not hint or row["account"].casefold() == hint.casefold()]
    return keys[:1] if hint else keys


def _told(world: World, scope: Scope, error: EntraError) -> dict[str, str]:
    known = data.errors().get(error.number, {"error": ["invalid_request"]})
    return told(world, scope, error.error or known["error"][0], str(error))


def send_back(request: AuthorizeRequest, **values: str) -> Response:
    """The end of a visit: the values go back to the client in the response mode that it chose."""
    if request.client_state:
        values["state"] = request.client_state
    if request.response_mode == "form_post":
        return post_back(request.redirect_uri, form_targets(request), values)
    if request.response_mode == "fragment":
        return redirect(f"{request.redirect_uri}#{urlencode(values)}")
    joint = "&" if "?" in request.redirect_uri else "?"
    return redirect(f"{request.redirect_uri}{joint}{urlencode(values)}")
