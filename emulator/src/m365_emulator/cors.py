"""Which answers a page of another origin may read (CORS): Graph, discovery and tokens, as MSAL in a browser does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Scope

_for_pages = ("/.well-known/openid-configuration", "/discovery/", "/userrealm/", "/oauth2/v2.0/token", "/oidc/userinfo")
_shown = b"ETag, Location, Preference-Applied, Retry-After, WWW-Authenticate, request-id, client-request-id"


def is_page_asking(plane: str, scope: Scope) -> bool:
    """Whether a page of another origin asks, at an address where such pages are let in."""
    is_open = plane == "graph" or (plane == "login" and any(part in scope["path"] for part in _for_pages))
    return is_open and _sent(scope, b"origin") is not None


def headers(plane: str, scope: Scope) -> list[tuple[bytes, bytes]]:
    """What lets a foreign page read the answer; nothing when no page asks."""
    if not is_page_asking(plane, scope):
        return []
    return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _shown)]


def preflight(scope: Scope) -> Response:
    """The answer to a browser that asks beforehand what a page may send."""
    wanted = (_sent(scope, b"access-control-request-headers") or b"").decode("latin-1")
    allowed = {"Access-Control-Allow-Headers": wanted} if wanted else {}
    methods = "GET, POST, PATCH, PUT, DELETE, OPTIONS"
    return Response(headers={"Access-Control-Allow-Methods": methods, "Access-Control-Max-Age": "86400", **allowed})


def _sent(scope: Scope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)
