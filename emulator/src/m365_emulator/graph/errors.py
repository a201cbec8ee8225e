"""How Graph words its refusals. Each function makes one error; clients match the codes and some of the sentences."""

from __future__ import annotations

from m365_emulator.errors import GraphError


def denied() -> GraphError:
    """403: a permission, a directory role or ownership is missing; Graph does not say which."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def backing_application_missing() -> GraphError:
    """400: a service principal is asked for an application that no tenant has (or that is not copied yet)."""
    return GraphError(
        400,
        "NoBackingApplicationObject",
        "The appId of the service principal does not reference a valid application object.",
    )


def not_found(key: str) -> GraphError:
    """404: no such object, or not copied to this reader yet."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_segment(segment: str) -> GraphError:
    """404 for a path that does not exist here. Graph words it so; it has also been seen to answer 400."""
    return GraphError(404, "BadRequest", f"Resource not found for the segment '{segment}'.")


def method_not_allowed() -> GraphError:
    """405."""
    return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def bad_request(message: str, *, target: str | None = None, detail: str = "InvalidValue") -> GraphError:
    """400 Request_BadRequest, with a detail that names the property when there is one."""
    details = [{"code": detail, "message": message, "target": target}] if target else []
    return GraphError(400, "Request_BadRequest", message, details=details)


def invalid_value(name: str, resource: str) -> GraphError:
    """400: a property may not have this value."""
    return bad_request(f"Invalid value specified for property '{name}' of resource '{resource}'.", target=name)


def value_required(name: str, resource: str) -> GraphError:
    """400: a property is missing."""
    return bad_request(
        f"A value is required for property '{name}' of resource '{resource}'.", target=name, detail="MissingValue"
    )


def read_only(name: str, resource: str) -> GraphError:
    """400: clients may not set this property."""
    return bad_request(
        f"Property '{name}' is read-only and cannot be set on resource '{resource}'.", target=name, detail="ReadOnly"
    )


def malformed(message: str) -> GraphError:
    """400 BadRequest of the gateway: unreadable JSON, an unknown property, a broken query."""
    return GraphError(400, "BadRequest", message)


def unsupported_query(message: str = "Unsupported Query.") -> GraphError:
    """400: the directory has no index for what the query asks."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def same_key(target: str, message: str | None = None) -> GraphError:
    """409: a value that must be unique is taken, also by an object among the deleted ones."""
    words = message or f"Another object with the same value for property {target} already exists."
    return GraphError(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        words,
        details=[{"code": "ObjectConflict", "message": words, "target": target}],
    )


def conflicting_object() -> GraphError:
    """A role assignment that exists already. 400; Microsoft has been seen to answer 409 as well."""
    message = "A conflicting object with one or more of the specified property values is present in the directory."
    return GraphError(400, "Request_BadRequest", message, details=[{"code": "ConflictingObjects", "message": message}])


def precondition_failed() -> GraphError:
    """412: the object is there already, and the client said that it must not be."""
    return GraphError(412, "PreconditionFailed", "One or more conditions given in the request header are not met.")


def reference_exists() -> GraphError:
    """400: the reference that is being added is there already."""
    return bad_request(
        "One or more added object references already exist for the following modified properties: 'members'."
    )
