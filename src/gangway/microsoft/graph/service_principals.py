"""Enterprise applications: the form an application has inside one tenant."""

from typing import Any

from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.graph.calls import CREATE_IF_MISSING, WHOLE_LIST, Call, literal, nothing, rows, text
from gangway.microsoft.graph.shapes import Listed, ServicePrincipal
from gangway.microsoft.wire import Answer

FIELDS = "id,appId,displayName"


def by_app_id(app_id: AppId | str, *, with_roles: bool = False) -> Call[ServicePrincipal]:
    """The tenant's principal of an application; `with_roles` reads the permissions it offers as well."""
    fields = f"{FIELDS},appRoles" if with_roles else FIELDS
    return Call("GET", f"/servicePrincipals(appId={literal(app_id)})?$select={fields}", _one)


def publisher_of(app_id: AppId | str) -> Call[str]:
    """The name of an application's publisher as Microsoft has verified it; empty when it hasn't."""
    return Call("GET", f"/servicePrincipals(appId={literal(app_id)})?$select=appId,verifiedPublisher", _publisher)


def with_tag(tag: str) -> Call[Listed[ServicePrincipal]]:
    """Principals with a tag, which they have from their application."""
    query = f"$filter=tags/any(t:t%20eq%20{literal(tag)})&$select={FIELDS}&$top=100"
    return Call("GET", f"/servicePrincipals?{query}", _listed, pages=WHOLE_LIST, partly=True)


def create_if_missing(app_id: AppId | str) -> Call[ServicePrincipal | None]:
    """Make the principal of an application; None when it was there already (then read it)."""
    path = f"/servicePrincipals(appId={literal(app_id)})"
    return Call("PATCH", path, _one_or_none, body={"appId": app_id}, headers=CREATE_IF_MISSING)


def delete(object_id: ObjectId) -> Call[None]:
    """Take an enterprise application out of the tenant, its grants and roles with it. Missing when it is gone."""
    return Call("DELETE", f"/servicePrincipals/{object_id}", nothing)


def _listed(answer: Answer) -> Listed[ServicePrincipal]:
    return Listed(tuple(map(_principal, rows(answer))), whole=not answer.member("@odata.nextLink"))


def _one(answer: Answer) -> ServicePrincipal:
    return _principal(answer.body)


def _principal(record: Any) -> ServicePrincipal:
    offered = record.get("appRoles") or [] if isinstance(record, dict) else []
    return ServicePrincipal(
        object_id=ObjectId(text(record, "id")),
        app_id=AppId(text(record, "appId")),
        display_name=record.get("displayName") or "",
        app_roles={role["value"]: role["id"] for role in offered if role.get("isEnabled") and role.get("value")},
    )


def _publisher(answer: Answer) -> str:
    """Of an unverified publisher Graph tells nothing, or an object in which everything is null."""
    told = answer.member("verifiedPublisher")
    if not isinstance(told, dict) or not told.get("verifiedPublisherId"):
        return ""
    return str(told.get("displayName") or told["verifiedPublisherId"])


def _one_or_none(answer: Answer) -> ServicePrincipal | None:
    return _one(answer) if answer.body else None
