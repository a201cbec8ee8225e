"""The one place that reads Microsoft's prose.

Some answers differ in nothing but their text (reference: "Graph conventions", "Eventual consistency"). Everything
else is told apart by status and code in `microsoft.reading`.
"""

ALREADY = (
    "already exists on the object",  # appRoleAssignments, 400 Request_BadRequest
    "permission entry already exists",  # oauth2PermissionGrants, 409
    "a conflicting object with one or more of the specified property values is present",  # roleAssignments, 400 or 409
    "added object references already exist",  # $ref, 400
)
COPYING = (
    "does not reference a valid application object",  # servicePrincipals right after the application, 400
    "must in the local tenant",  # likewise, 403, Microsoft's own spelling
    "not a valid reference update",  # assignments right after the principal, 400
)
GONE = (
    "no password credential found with keyid",  # removePassword, 400
    "no key credential found with keyid",  # removeKey, 400
)
NAME = ("displayname",)  # a display name that is refused, 400: the property is named in the message or as a target


def says_already_so(message: str) -> bool:
    """Whether what was asked for is there already."""
    return _any(ALREADY, message)


def says_still_copying(message: str) -> bool:
    """Whether a fresh object is not known to all of Microsoft's machines yet."""
    return _any(COPYING, message)


def says_gone(message: str) -> bool:
    """Whether what should be removed is not there."""
    return _any(GONE, message)


def says_name(message: str) -> bool:
    """Whether the display name is what was refused."""
    return _any(NAME, message)


def _any(parts: tuple[str, ...], message: str) -> bool:
    lowered = message.lower()
    return any(part in lowered for part in parts)
