"""Faults that Microsoft's cloud is known for, ready-made: a PUT of their name with an empty body sets one."""

from __future__ import annotations

from typing import Any

_write = {"method": "POST", "path": "/v1.0/*"}
_create_application = {"method": "PATCH", "path": "/v1.0/applications(uniqueName=*"}
_create_principal = {"method": "POST", "path": "/v1.0/servicePrincipals", "times": 1}

ready: dict[str, dict[str, Any]] = {
    "concurrency-conflict": {
        "means": "the next write meets another one: 409, and works when it is repeated",
        "match": {**_write, "times": 1},
        "effect": {
            "status": 409,
            "code": "Request_Conflict",
            "message": "Conflicting concurrent request. Please try again.",
        },
    },
    "role-conflict": {
        "means": "an existing role assignment is refused with 409 instead of 400",
        "match": {"method": "POST", "path": "/v1.0/roleManagement/directory/roleAssignments", "times": 1},
        "effect": {
            "status": 409,
            "code": "Request_BadRequest",
            "message": "A conflicting object with one or more of the specified property values is present in the "
            "directory.",
        },
    },
    "principal-refused-403": {
        "means": "right after the application is made, its service principal is refused with a misleading 403",
        "match": _create_principal,
        "effect": {
            "status": 403,
            "code": "Authorization_RequestDenied",
            "message": "When using this permission, the backing application of the service principal being created "
            "must in the local tenant",
        },
    },
    "principal-refused-400": {
        "means": "right after the application is made, its service principal is refused with a misleading 400",
        "match": _create_principal,
        "effect": {
            "status": 400,
            "code": "NoBackingApplicationObject",
            "message": "The appId of the service principal does not reference a valid application object.",
        },
    },
    "reference-refused": {
        "means": "a fresh principal cannot be referred to yet: 400 'Not a valid reference update'",
        "match": {"method": "POST", "path": "/v1.0/*/$ref", "times": 1},
        "effect": {"status": 400, "message": "Not a valid reference update."},
    },
    "grant-written-but-404": {
        "means": "a grant answers 404 although it was written",
        "match": {"method": "POST", "path": "/v1.0/servicePrincipals/*/appRoleAssignments", "times": 1},
        "effect": {
            "status": 404,
            "message": "Resource does not exist or one of its queried reference-property objects are not present.",
            "late": True,
        },
    },
    "secret-written-but-404": {
        "means": "a secret is made, but the answer says 404 and its text is lost",
        "match": {"method": "POST", "path": "/v1.0/*/addPassword", "times": 1},
        "effect": {
            "status": 404,
            "message": "Resource does not exist or one of its queried reference-property objects are not present.",
            "late": True,
        },
    },
    "application-written-but-500": {
        "means": "an upsert is written, but the answer is 500",
        "match": {**_create_application, "times": 1},
        "effect": {"status": 500, "late": True},
    },
    "throttled": {
        "means": "two requests are asked to come back after four seconds",
        "match": {"path": "/v1.0/*", "times": 2},
        "effect": {"status": 429, "retry_after": 4},
    },
    "throttled-without-retry-after": {
        "means": "as Conditional Access resources do: 429 and no word about when",
        "match": {"path": "/v1.0/*", "times": 1},
        "effect": {"status": 429},
    },
    "unavailable": {
        "means": "two requests meet 503 with Retry-After",
        "match": {"path": "/v1.0/*", "times": 2},
        "effect": {"status": 503, "retry_after": 2},
    },
    "bad-gateway": {
        "means": "the next request meets 502",
        "match": {"path": "/v1.0/*", "times": 1},
        "effect": {"status": 502},
    },
    "slow": {
        "means": "every request really waits a second",
        "match": {"path": "/v1.0/*"},
        "effect": {"delay_ms": 1000},
    },
    "cut-before-write": {
        "means": "the connection is cut before the next write happens",
        "match": {**_write, "times": 1},
        "effect": {"cut": "before"},
    },
    "cut-after-write": {
        "means": "the next write happens, then the connection is cut",
        "match": {**_write, "times": 1},
        "effect": {"cut": "after"},
    },
    "lagging-directory": {
        "means": "fresh objects of every kind are hidden from their first two reads",
        "match": {"kind": "*"},
        "effect": {"lag_reads": 2},
    },
    "late-secret": {
        "means": "fresh secrets work after ten seconds",
        "match": {"kind": "passwordCredential"},
        "effect": {"usable_after_seconds": 10},
    },
    "late-grants": {
        "means": "fresh grants reach tokens after thirty seconds",
        "match": {"kind": "appRoleAssignment"},
        "effect": {"tokens_after_seconds": 30},
    },
    "late-roles": {
        "means": "fresh roles reach tokens after sixty seconds",
        "match": {"kind": "roleAssignment"},
        "effect": {"tokens_after_seconds": 60},
    },
}


def of(name: str) -> dict[str, Any]:
    """Match and effect of a ready-made fault. Raises ValueError with the names that there are."""
    if name not in ready:
        message = f"no ready-made fault is called {name!r}; give match and effect, or use one of {', '.join(ready)}"
        raise ValueError(message)
    return {"match": ready[name]["match"], "effect": ready[name]["effect"]}
