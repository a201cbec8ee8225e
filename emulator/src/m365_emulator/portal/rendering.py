"""Turns pages into HTML, with the headers of every page of the portal."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.responses import HTMLResponse

from m365_emulator.credentials import moment
from m365_emulator.portal.desk import address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Shown

_headers = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def html(shown: Shown, **frame: Any) -> HTMLResponse:
    """The page as an answer; ``frame`` is what the template of the frame needs (who is signed in, notes, tokens)."""
    text = (
        _templates()
        .get_template(f"{shown.template}.html")
        .render(title=shown.title, crumbs=shown.crumbs, **shown.content, **frame)
    )
    return HTMLResponse(text, shown.status, _headers)


def style() -> str:
    """The portal's stylesheet."""
    return _templates().get_template("portal.css").render()


def day(text: str | datetime | None) -> str:
    """``2028-11-20T12:00:00Z`` becomes ``20 Nov 2028``."""
    if not text:
        return "not set"
    when = text if isinstance(text, datetime) else moment(text)
    return f"{when.day} {when:%b %Y}"


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("m365_emulator.portal"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = day
    environment.globals["address"] = address
    return environment
