"""The web side: an inbox for people, and the same as JSON for programs.

The HTML of a mail is somebody else's page. It is shown in a frame that may run no script, load nothing and not touch
the inbox around it; its links open in a new tab, as in a mail program.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

if TYPE_CHECKING:
    from starlette.requests import Request

    from mail_catcher.inbox import Inbox
    from mail_catcher.message import Message

PAGES = Path(__file__).parent / "pages"
TABS = ("html", "text", "source")
OWN_PAGES = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
)
FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
NEW_TAB = '<base target="_blank">'


class Pages:
    """The routes, over one inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.templates = Jinja2Templates(PAGES)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.letters, name="letters"),
            Route("/clear", self.clear, methods=["POST"]),
            Route("/messages/{number:int}", self.message),
            Route("/messages/{number:int}/html", self.frame),
            Route("/style.css", self.style),
            Route("/api/messages", self.api_list),
            Route("/api/messages", self.api_clear, methods=["DELETE"]),
            Route("/api/messages/{number:int}", self.api_message),
        ]

    async def letters(self, request: Request) -> Response:
        to = request.query_params.get("to", "")
        return self._page(request, "list.html", messages=self.inbox.newest_first(to=to), to=to)

    async def message(self, request: Request) -> Response:
        message = self._wanted(request)
        tabs = [tab for tab in TABS if tab == "source" or getattr(message, tab)]
        asked = request.query_params.get("show")
        shown = asked if asked in tabs else tabs[0]
        return self._page(request, "message.html", message=message, tabs=tabs, shown=shown)

    async def frame(self, request: Request) -> Response:
        html = self._wanted(request).html
        page = HEAD.sub(lambda head: head.group() + NEW_TAB, html, count=1) if HEAD.search(html) else NEW_TAB + html
        return HTMLResponse(page, headers={"Content-Security-Policy": FRAME, "Referrer-Policy": "no-referrer"})

    async def clear(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise HTTPException(403, "Only the inbox itself may be asked to empty itself.")
        self.inbox.clear()
        return RedirectResponse(request.url_for("letters"), status_code=303)

    async def style(self, request: Request) -> Response:  # noqa: ARG002 (a route's signature)
        return FileResponse(PAGES / "style.css")

    async def api_list(self, request: Request) -> Response:
        query = request.query_params
        after = query.get("after", "0")
        if not after.isdecimal():
            raise HTTPException(400, "after is the number of the last message that you have seen")
        found = self.inbox.newest_first(to=query.get("to", ""), after=int(after))
        return JSONResponse({"messages": [message.details() for message in reversed(found)]})

    async def api_message(self, request: Request) -> Response:
        return JSONResponse(self._wanted(request).details())

    async def api_clear(self, request: Request) -> Response:  # noqa: ARG002 (a route's signature)
        self.inbox.clear()
        return Response(status_code=204)

    def _wanted(self, request: Request) -> Message:
        message = self.inbox.get(request.path_params["number"])
        if message is None:
            raise HTTPException(404, "There is no such mail; perhaps the inbox was emptied.")
        return message

    def _page(self, request: Request, name: str, **values: object) -> Response:
        headers = {"Content-Security-Policy": OWN_PAGES, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return self.templates.TemplateResponse(request, name, values, headers=headers)


def application(inbox: Inbox) -> Starlette:
    """The web inbox; answers only to the names of this machine, so that no web site can read it by renaming itself."""
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]"])
    return Starlette(routes=Pages(inbox).routes(), middleware=[hosts])
