"""Turns objects into the bodies of answers: filter, order, page, ``$select``, ``$expand`` and ``@odata.context``."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from m365_emulator.errors import GraphError
from m365_emulator.graph.answer import Answer
from m365_emulator.graph.errors import bad_request
from m365_emulator.graph.odata import search, support
from m365_emulator.graph.odata.match import matches
from m365_emulator.graph.odata.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from m365_emulator.graph.call import Call
    from m365_emulator.graph.odata.options import Options
    from m365_emulator.graph.odata.shape import Shape
    from m365_emulator.graph.odata.syntax import Node

    Item = Mapping[str, Any]

largest_page = 999


def collection(call: Call, shape: Shape, items: Iterable[Item]) -> Answer:
    """200 with the page of ``items`` that the request asks for; only the first page says how many there are.

    Source: Paging Microsoft Graph data in your app.
    """
    options = call.options
    chosen = _chosen(call, shape, items)
    page, token = _page(chosen, options, call.page_size or shape.page) if shape.paged else (chosen, "")
    body: dict[str, Any] = {"@odata.context": f"{call.base}/$metadata#{_named(call, shape)}{_selected(options)}"}
    if options.count and not options.skiptoken and (call.eventual or not shape.directory):
        body["@odata.count"] = len(chosen)
    if token:
        body["@odata.nextLink"] = _next_link(call, token)
    body["value"] = [_shown(call, shape, item) for item in page]
    return Answer(200, body)


def single(call: Call, shape: Shape, item: Item, *, status: int = HTTPStatus.OK) -> Answer:
    """One object; 201 carries Location too."""
    support.check(shape, call.options, advanced=False)
    context = f"{call.base}/$metadata#{_named(call, shape)}{_selected(call.options)}/$entity"
    where = "/".join(_way(call)) if shape.nested else shape.set
    headers = {"Location": f"{call.base}/{where}/{item['id']}"} if status == HTTPStatus.CREATED else {}
    return Answer(status, {"@odata.context": context, **_shown(call, shape, item)}, headers)


def _named(call: Call, shape: Shape) -> str:
    """The collection in ``@odata.context``: ``applications``, ``servicePrincipals('{id}')/appRoleAssignments``."""
    if not shape.nested:
        return shape.set
    *owner, name = _way(call)
    if owner == ["me"]:
        owner = ["users", call.caller.principal_id]
    if not owner[-1].endswith(")"):
        owner[-2:] = [f"{owner[-2]}('{owner[-1]}')"]
    return "/".join([*owner, name])


def _way(call: Call) -> list[str]:
    """The segments of the path up to the collection, whether all of it is asked for or one member."""
    names, given = call.operation.path.strip("/").split("/"), call.path.strip("/").split("/")
    last = max(index for index, name in enumerate(names) if not name.startswith("{"))
    return [*given[:last], given[last].partition("(")[0]]


def counted(call: Call, shape: Shape, items: Iterable[Item]) -> Answer:
    """The plain number of ``…/$count``; the directory wants ``ConsistencyLevel: eventual`` for it."""
    if not call.eventual:
        raise bad_request("$count is not currently supported.")
    number = len(_chosen(call, shape, items, counting=True))
    return Answer(200, str(number), {"Content-Type": "text/plain"})


def references(call: Call, ids: Iterable[str]) -> Answer:
    """The addresses of related objects (``…/$ref``)."""
    rows = [{"@odata.id": f"{call.base}/directoryObjects/{quote(one)}"} for one in ids]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Collection($ref)", "value": rows})


def _chosen(call: Call, shape: Shape, items: Iterable[Item], *, counting: bool = False) -> list[Item]:
    options = call.options
    condition = parse(options.filter) if options.filter else None
    advanced = call.eventual and (options.count or bool(options.search) or counting)
    support.check(shape, options, condition, advanced=advanced)
    chosen = [item for item in items if condition is None or matches(condition, _related(call, shape, item, condition))]
    if options.search:
        chosen = _searched(call, shape, chosen)
    for name, descending in reversed(options.orderby):
        chosen.sort(key=lambda item, name=name: str(item.get(name) or "").casefold(), reverse=descending)  # type: ignore[misc]
    return chosen


def _related(call: Call, shape: Shape, item: Item, condition: Node) -> Item:
    """The object with the relations that a filter asks about."""
    names = {name for name, _ in support.uses(condition)} & set(shape.expandable)
    return {**item, **{name: shape.expandable[name](call, item) for name in names}} if names else item


def _searched(call: Call, shape: Shape, items: list[Item]) -> list[Item]:
    """Those that ``$search`` finds."""
    if not call.eventual:
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request "
            "header: 'ConsistencyLevel: eventual'"
        )
    wanted = search.parse(call.options.search, shape)
    return [item for item in items if wanted(item)]


def _page(items: list[Item], options: Options, usual: int) -> tuple[list[Item], str]:
    """One page and the token of the next, which names the last object seen: objects that go or come don't shift it."""
    size = options.top or min(usual, largest_page)
    start = 0
    if options.skiptoken:
        last = _opened(options.skiptoken)
        start = next((index + 1 for index, item in enumerate(items) if item["id"] == last["id"]), last["index"])
    page = items[start : start + size]
    more = start + size < len(items)
    return page, _sealed({"id": page[-1]["id"], "index": start + size}) if more else ""


def _sealed(position: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _opened(token: str) -> dict[str, Any]:
    try:
        position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return {"id": str(position["id"]), "index": int(position["index"])}
    except (ValueError, KeyError, TypeError) as error:
        raise GraphError(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        ) from error


def _next_link(call: Call, token: str) -> str:
    pairs = [(key, value) for key, value in call.options.pairs if key.lower().removeprefix("$") != "skiptoken"]
    query = urlencode([*pairs, ("$skiptoken", token)], safe="$,", quote_via=quote)
    return f"{call.base}{call.path}?{query}"


def _selected(options: Options) -> str:
    return f"({','.join(options.select)})" if options.select else ""


def _shown(call: Call, shape: Shape, item: Item) -> dict[str, Any]:
    """The properties that were asked for, or the usual ones, and what was expanded."""
    options = call.options
    names = options.select or shape.usual
    if names and "*" not in names:
        body = {key: value for key, value in item.items() if key == "@odata.type"}
        body.update((name, item.get(name)) for name in names if name in item or _is_plain(shape, name))
    else:
        body = dict(item)
    for name, select in options.expand:
        body[name] = _narrowed(shape.expandable[name](call, item), select)
    return body


def _is_plain(shape: Shape, name: str) -> bool:
    """A property of its own: a relation is selected without being shown, which only ``$expand`` does."""
    return name in shape.properties and name not in shape.expandable


def _narrowed(value: Any, select: tuple[str, ...]) -> Any:
    if not select:
        return value
    if isinstance(value, list):
        return [_narrowed(one, select) for one in value]
    return {name: value.get(name) for name in ("@odata.type", *select) if name in value} if value else value
