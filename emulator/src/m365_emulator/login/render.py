"""Turns templates into pages, with the headers that every page of the sign-in has."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.responses import HTMLResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from m365_emulator.login.memory import Visit

visit_path = "/common/login"
_post_script = "document.forms[0].submit()"
_post_script_hash = f"sha256-{base64.b64encode(hashlib.sha256(_post_script.encode()).digest()).decode()}"
_fixed_headers = {
    "Cache-Control": "no-store, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(name: str, *, status: int = 200, leads_to: str = "", **shown: Any) -> Response:
    """A page from ``templates/<name>.html``. ``leads_to`` is a foreign origin that its form may redirect to."""
    targets = f"'self' {leads_to}".strip()
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {**_fixed_headers, "Content-Security-Policy": policy}
    return HTMLResponse(_templates().get_template(f"{name}.html").render(**shown), status, headers)


def post_back(address: str, origin: str, values: dict[str, str]) -> Response:
    """``response_mode=form_post``: a page whose form posts itself to the client; a button is there without script."""
    policy = (
        f"default-src 'none'; style-src 'self'; img-src data:; script-src '{_post_script_hash}'; form-action {origin}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    text = _templates().get_template("post_back.html").render(address=address, values=values, script=_post_script)
    return HTMLResponse(text, 200, {**_fixed_headers, "Content-Security-Policy": policy})


def to_visit(visit: Visit) -> Response:
    """The visit's next page, after a redirect, so that reloading is harmless."""
    return redirect(f"{visit_path}?visit={visit.id}")


def redirect(address: str) -> Response:
    """After a form or at the end of a visit: go there with a GET."""
    return RedirectResponse(address, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("m365_emulator.login"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
