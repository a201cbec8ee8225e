"""Checks requests to the emulated Graph, and its answers, against Microsoft's own OpenAPI description.

The description is read from beside the checkout where that exists, else from the copy in this folder (a test holds
the two together). Operations beyond the description must stand in ``beyond``, with the page that describes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from m365_emulator.graph.authority import beyond_table

here = Path(__file__).parent
copy = here / "graph-openapi-v1.0-subset.yaml"
beside = here.parents[2] / "shared" / "graph" / "openapi-v1.0-subset.yaml"
_api = "https://learn.microsoft.com/graph/api/"
beyond = {
    **{operation: f"{_api}{row.page}" for operation, row in beyond_table.beyond.items()},
    "POST /roleManagement/directory/roleEligibilityScheduleRequests": (
        f"{_api}rbacapplication-post-roleeligibilityschedulerequests"
    ),
    "GET /roleManagement/directory/roleAssignmentScheduleRequests/{unifiedRoleAssignmentScheduleRequest-id}": (
        f"{_api}unifiedroleassignmentschedulerequest-get"
    ),
    "PATCH /policies/authorizationPolicy": f"{_api}authorizationpolicy-update",
    **{
        f"{method} {one}/appManagementPolicies{end}": f"{_api}appmanagementpolicy-{page}"
        for one in ("/applications/{application-id}", "/servicePrincipals/{servicePrincipal-id}")
        for method, end, page in (
            ("POST", "/$ref", "post-appliesto"),
            ("DELETE", "/{appManagementPolicy-id}/$ref", "delete-appliesto"),
        )
    },
    "POST /directoryRoles(roleTemplateId='{roleTemplateId}')/members/$ref": "https://learn.microsoft.com/graph/api/directoryrole-post-members",
    "GET /users/{user-id}/memberOf/microsoft.graph.group": "https://learn.microsoft.com/graph/api/user-list-memberof",
    "GET /users/{user-id}/memberOf/microsoft.graph.administrativeUnit": "https://learn.microsoft.com/graph/api/user-list-memberof",
    **{
        f"GET /servicePrincipals{key}{end}": "https://learn.microsoft.com/graph/api/serviceprincipal-list-memberof"
        for key, ends in (
            (
                "(appId='{appId}')",
                (
                    "/memberOf/microsoft.graph.directoryRole",
                    "/memberOf/microsoft.graph.group",
                    "/memberOf/microsoft.graph.administrativeUnit",
                    "/transitiveMemberOf",
                    "/transitiveMemberOf/microsoft.graph.directoryRole",
                ),
            ),
            ("/{servicePrincipal-id}", ("/transitiveMemberOf/microsoft.graph.directoryRole",)),
        )
        for end in ends
    },
}
# The description says that GET .../$ref answers strings; OData 4.0 JSON (section 4.5.8) and Graph answer objects with
# ``@odata.id``, see https://learn.microsoft.com/graph/api/group-list-members (example with $ref).
references = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": {
            "type": "array",
            "items": {"type": "object", "required": ["@odata.id"], "properties": {"@odata.id": {"type": "string"}}},
        }
    },
}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; ``operation`` is method and path as the description writes them."""

    operation: str
    query: dict[str, str]
    sent: Any
    status: int
    body: Any


def check(exchange: Exchange) -> None:
    """Fail with what differs. Refused requests may be as wrong as they like; their answers may not."""
    if exchange.operation in beyond:
        return
    spec = _operation(exchange.operation)
    if exchange.status < 400:
        _check_query(spec, exchange)
        _check_sent(spec, exchange)
    _check_answer(spec, exchange)


def described() -> set[str]:
    return {f"{method.upper()} {path}" for path, item in _spec()["paths"].items() for method in item}


def schemas() -> dict[str, Any]:
    """The types of Graph's model as the description writes them."""
    return dict(_spec()["components"]["schemas"])


def _operation(operation: str) -> dict[str, Any]:
    method, _, path = operation.partition(" ")
    found = _spec()["paths"].get(path, {}).get(method.lower())
    assert found is not None, f"{operation} is neither in Microsoft's description nor in the table beyond it"
    return found


def _check_query(spec: dict[str, Any], exchange: Exchange) -> None:
    known = {_resolved(one)["name"] for one in spec.get("parameters", []) if _resolved(one)["in"] == "query"}
    asked = {name for name in exchange.query if name.startswith("$")} - {"$skiptoken"}
    assert asked <= known, f"{exchange.operation} does not describe {sorted(asked - known)}"


def _check_sent(spec: dict[str, Any], exchange: Exchange) -> None:
    request = spec.get("requestBody")
    if request is None:
        assert exchange.sent is None, f"{exchange.operation} takes no body"
        return
    if exchange.sent is not None:
        _validate(
            _resolved(request)["content"]["application/json"]["schema"], exchange.sent, f"{exchange.operation}, sent"
        )


def _check_answer(spec: dict[str, Any], exchange: Exchange) -> None:
    status = exchange.status
    answer = spec["responses"].get(str(status)) or (spec["responses"]["default"] if status >= 400 else None)
    assert answer is not None, f"{exchange.operation} does not describe {status}"
    content = _resolved(answer).get("content")
    if status == 200 and exchange.operation.startswith("GET ") and exchange.operation.endswith("/$ref"):
        _validate(references, exchange.body, exchange.operation)
    elif not content:
        assert exchange.body is None, f"{exchange.operation} answered {status} with a body"
    elif "application/json" in content:
        _validate(content["application/json"]["schema"], exchange.body, f"{exchange.operation}, answered {status}")
    else:
        assert isinstance(exchange.body, str)


def _validate(schema: dict[str, Any], value: Any, where: str) -> None:
    validator = Draft202012Validator(_json_schema(schema), registry=_registry(), format_checker=FormatChecker())
    problems = [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in validator.iter_errors(value)]
    assert not problems, f"{where}: {problems}"


def _resolved(item: dict[str, Any]) -> dict[str, Any]:
    found: Any = item
    while "$ref" in found:
        target: Any = _spec()
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found


@cache
def _spec() -> dict[str, Any]:
    source = beside if beside.exists() else copy
    return yaml.load(source.read_text("utf-8"), Loader=yaml.CSafeLoader)


@cache
def _registry() -> Registry:
    document = {"components": _json_schema(_spec()["components"])}
    return Registry().with_resource("urn:graph", Resource.from_contents(document, default_specification=DRAFT202012))


def _json_schema(item: Any) -> Any:
    """OpenAPI 3.0 marks what may be null beside the type; JSON Schema does it in the type."""
    if isinstance(item, list):
        return [_json_schema(one) for one in item]
    if not isinstance(item, dict):
        return item
    schema = {key: _json_schema(value) for key, value in item.items() if key != "nullable"}
    if isinstance(schema.get("$ref"), str):
        schema["$ref"] = f"urn:graph{schema['$ref']}"
    return {"anyOf": [schema, {"type": "null"}]} if item.get("nullable") is True else schema
