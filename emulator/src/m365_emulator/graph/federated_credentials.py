"""Federated identity credentials: trust in another issuer's tokens instead of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.addresses import split
from m365_emulator.errors import GraphError
from m365_emulator.graph import bodies, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, not_found, precondition_failed, same_key
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="federatedIdentityCredential",
    set="federatedIdentityCredentials",
    nested=True,
    directory=False,
    filterable={"name": "eq", "issuer": "eq", "subject": "eq"},
)
_application = ("/applications/{application-id}", "/applications(appId='{appId}')")
_one = tuple(one + "/federatedIdentityCredentials/{federatedIdentityCredential-id}" for one in _application)
_named = tuple(one + "/federatedIdentityCredentials(name='{name}')" for one in _application)
_at_most = 20
_loopback = frozenset({"localhost", "127.0.0.1", "::1"})


@operations.on("GET", *(one + "/federatedIdentityCredentials" for one in _application))
def list_credentials(call: Call) -> Answer:
    """The issuers that an application trusts."""
    return pages.collection(call, shape, _rows(call))


@operations.on("GET", *_one, *_named)
def get_credential(call: Call) -> Answer:
    """By id or by name."""
    return pages.single(call, shape, _row(call))


@operations.on("POST", *(one + "/federatedIdentityCredentials" for one in _application))
def add_credential(call: Call) -> Answer:
    """201; at most 20, names and issuer with subject unique."""
    return pages.single(call, shape, _made(call, _rows(call), call.body), status=201)


@operations.on("PATCH", *_one)
def update_credential(call: Call) -> Answer:
    """204; everything but the name can change."""
    row = _row(call)
    _change(row, _rows(call), call.body)
    return no_content()


@operations.on("PATCH", *_named)
def upsert_credential(call: Call) -> Answer:
    """Change the credential of this name or, with ``Prefer: create-if-missing``, make it."""
    rows, name = _rows(call), call.keys["name"]
    row = next((one for one in rows if one["name"] == name), None)
    if row is not None:
        if call.only_creates:
            raise precondition_failed()
        _change(row, rows, call.body)
        return no_content()
    if not call.creates_if_missing:
        raise not_found(name)
    return pages.single(call, shape, _made(call, rows, {**call.body, "name": name}), status=201)


@operations.on("DELETE", *_one, *_named)
def remove_credential(call: Call) -> Answer:
    """204."""
    _rows(call).remove(_row(call))
    return no_content()


def _rows(call: Call) -> list[dict[str, Any]]:
    application = targets.get(call, "application")
    rows: list[dict[str, Any]] = application.hidden.setdefault("federated", [])
    return rows


def _row(call: Call) -> dict[str, Any]:
    keys = call.keys
    wanted = keys["name"] if "name" in keys else keys["federatedIdentityCredential-id"]
    for row in _rows(call):
        if wanted == row["name"] or ("name" not in keys and wanted == row["id"]):
            return row
    raise not_found(wanted)


def _made(call: Call, rows: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    wanted = bodies.checked(
        "federatedIdentityCredential", body, fixed=("id",), needed=("name", "issuer", "subject", "audiences")
    )
    _check(wanted, rows)
    if len(rows) >= _at_most:
        raise bad_request(f"At most {_at_most} federated identity credentials can be added.")
    row = {"id": call.world.ids.uuid("federated"), "description": None, **wanted}
    rows.append(row)
    call.world.replica.wrote("federatedIdentityCredential", row["id"])
    return row


def _change(row: dict[str, Any], rows: list[dict[str, Any]], body: dict[str, Any]) -> None:
    wanted = bodies.checked("federatedIdentityCredential", body, fixed=("id",))
    if wanted.get("name", row["name"]) != row["name"]:
        raise bad_request("Property 'name' is immutable once it is set.", target="name")
    _check({**row, **wanted}, [one for one in rows if one is not row])
    row.update(wanted)


def _may_be_asked(issuer: str) -> bool:
    """HTTPS, as Microsoft wants it; plain HTTP only on this machine, where a developer's platform is the issuer."""
    parts = split(issuer)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _loopback)


def _check(wanted: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    if not 3 <= len(wanted["name"]) <= 120:  # noqa: PLR2004 Microsoft's limits
        raise invalid_value("name", "FederatedIdentityCredential")
    if not _may_be_asked(str(wanted["issuer"])):
        raise invalid_value("issuer", "FederatedIdentityCredential")
    if len(wanted["audiences"] or []) != 1:
        raise invalid_value("audiences", "FederatedIdentityCredential")
    if any(row["name"] == wanted["name"] for row in rows):
        raise same_key("name", f"FederatedIdentityCredential with name {wanted['name']} already exists.")
    if any((row["issuer"], row["subject"]) == (wanted["issuer"], wanted["subject"]) for row in rows):
        raise GraphError(
            400,
            "InvalidFederatedIdentityCredentialValue",
            "The combination of issuer and subject must be unique for the application.",
        )
