"""The assumptions that an application with Application.ReadWrite.All can put to a test; ``row`` is parity.md's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.contract.wire import Reply, Wire

_nobody = "00000000-dead-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Case:
    """``ask`` answers what was seen, which holds when it is what ``expected`` says."""

    row: str
    expected: str
    ask: Callable[[Wire, str, str], str]


def _deleted_name(wire: Wire, _client: str, _secret: str) -> str:
    name = f"{wire.mark}-name"
    first = wire.application(uniqueName=name)
    _need(first, 201)
    wire.ask("DELETE", f"/applications/{first.body['id']}")
    wire.settled(lambda: wire.ask("GET", f"/applications/{first.body['id']}"), 404)
    return _told(wire.application(uniqueName=name))


def _restored(wire: Wire, _client: str, _secret: str) -> str:
    made = wire.application()
    _need(made, 201)
    principal = f"/servicePrincipals(appId='{made.body['appId']}')"
    _need(wire.principal(made.body["appId"]), 201)
    wire.ask("DELETE", f"/applications/{made.body['id']}")
    wire.settled(lambda: wire.ask("GET", principal), 404)
    _need(wire.settled(lambda: wire.ask("POST", f"/directory/deletedItems/{made.body['id']}/restore"), 200), 200)
    wire.settled(lambda: wire.ask("GET", f"/applications/{made.body['id']}"), 200)
    return str(wire.ask("GET", principal).status)


def _name_of_microsoft(wire: Wire, _client: str, _secret: str) -> str:
    return _told(wire.application(displayName=f"{wire.mark} Microsoft"))


def _unknown_application(wire: Wire, _client: str, _secret: str) -> str:
    return _told(wire.ask("POST", "/servicePrincipals", {"appId": _nobody}))


def _named_scope(wire: Wire, client: str, secret: str) -> str:
    return wire.ask_token(client, secret, "https://graph.microsoft.com/Application.Read.All").code


def _unknown_path(wire: Wire, _client: str, _secret: str) -> str:
    return _told(wire.ask("GET", "/noSuchThing"))


def _count_without_header(wire: Wire, _client: str, _secret: str) -> str:
    reply = wire.ask("GET", "/applications?$count=true&$top=1")
    _need(reply, 200)
    return "counted" if "@odata.count" in reply.body else "ignored"


def _absolute_batch(wire: Wire, _client: str, _secret: str) -> str:
    step = {"id": "1", "method": "GET", "url": f"{wire.graph}/v1.0/applications?$top=1"}
    reply = wire.ask("POST", "/$batch", {"requests": [step]})
    return _told(reply) if reply.status != 200 else str(reply.body["responses"][0]["status"])  # noqa: PLR2004


cases = (
    Case(
        "uniqueName of a deleted application is still taken: 409 Request_MultipleObjectsWithSameKeyValue",
        "409 Request_MultipleObjectsWithSameKeyValue",
        _deleted_name,
    ),
    Case(
        "Restoring an application leaves its service principal deleted, and grants gone",
        "404",
        _restored,
    ),
    Case(
        'displayName with "Microsoft" in it: taken; 400 by the switch refuseMicrosoftInNames',
        "201",
        _name_of_microsoft,
    ),
    Case(
        "Service principal of an unknown or single-tenant foreign application: 400 NoBackingApplicationObject",
        "400 NoBackingApplicationObject",
        _unknown_application,
    ),
    Case("A scope other than `.default` is 70011 (Entra has been seen to say 1002012)", "70011", _named_scope),
    Case(
        'Unknown path: 404 BadRequest "Resource not found for the segment" (Graph has been seen to answer 400)',
        "404 BadRequest",
        _unknown_path,
    ),
    Case(
        "$count alone needs ConsistencyLevel; in a list it is ignored without it",
        "ignored",
        _count_without_header,
    ),
    Case("The url of a request in a batch may be the whole address", "200", _absolute_batch),
)


class NotAsked(Exception):
    """The question could not be put: something before it went wrong."""


def _need(reply: Reply, status: int) -> None:
    if reply.status != status:
        raise NotAsked(_told(reply))


def _told(reply: Reply) -> str:
    return f"{reply.status} {reply.code}".strip() if _is_refusal(reply.body) else str(reply.status)


def _is_refusal(body: Any) -> bool:
    return isinstance(body, dict) and "error" in body
