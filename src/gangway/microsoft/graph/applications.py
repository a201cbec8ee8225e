"""App registrations: made once under our own unique name, read back, taken away."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gangway.foundation.ids import AppId, KeyId, ObjectId
from gangway.microsoft.graph import federation
from gangway.microsoft.graph.calls import CREATE_IF_MISSING, WHOLE_LIST, Call, literal, nothing, rows, text
from gangway.microsoft.graph.shapes import Application, CertificateKey, Listed, Namesake, Password
from gangway.microsoft.wire import Answer

FIELDS = "id,appId,displayName,uniqueName,requiredResourceAccess,passwordCredentials,keyCredentials,web"

TRUST = "federatedIdentityCredentials"


def by_unique_name(unique_name: str) -> Call[Application]:
    """The application with our unique name; Missing when there is none (or it isn't copied yet)."""
    return Call("GET", f"/applications(uniqueName={literal(unique_name)})?$select={FIELDS}", _one)


def by_app_id(app_id: AppId) -> Call[Application]:
    """The application with a client id. An app-only caller needs a permission to read applications for this."""
    return Call("GET", f"/applications(appId={literal(app_id)})?$select={FIELDS}", _one)


def with_prefix(prefix: str) -> Call[Listed[Application]]:
    """Registrations whose unique name begins so, with their credentials, federated ones too."""
    fields = f"id,appId,displayName,uniqueName,createdDateTime,passwordCredentials,keyCredentials&$expand={TRUST}"
    query = f"$filter=startswith(uniqueName,{literal(prefix)})&$select={fields}&$top=100"
    return Call("GET", f"/applications?{query}", lambda answer: _listed(answer, prefix), pages=WHOLE_LIST, partly=True)


def deleted_with_prefix(prefix: str) -> Call[Listed[Namesake]]:
    """Those that Microsoft still keeps after deletion. Not every filter works there: we choose here."""
    path = "/directory/deletedItems/microsoft.graph.application?$select=id,displayName,uniqueName,deletedDateTime"
    return Call("GET", f"{path}&$top=999", lambda answer: _namesakes(answer, prefix), pages=WHOLE_LIST, partly=True)


def create_if_missing(
    *,
    unique_name: str,
    display_name: str,
    required: Iterable[tuple[str, str, str]],
    notes: str,
    tags: Iterable[str],
    redirects: Iterable[str] = (),
) -> Call[Application | None]:
    """Make the application under our unique name: a repeat can't make a second one.

    Gives None when it was there already (then read it). Use it only when it was not seen: on an existing application
    the same request would overwrite its list of permissions.
    """
    back = list(redirects)
    body: dict[str, Any] = {
        "displayName": display_name,
        "signInAudience": "AzureADMyOrg",
        "requiredResourceAccess": required_resource_access(required),
        "notes": notes,
        "tags": list(tags),
        **({"web": {"redirectUris": back}} if back else {}),
    }
    path = f"/applications(uniqueName={literal(unique_name)})"
    return Call("PATCH", path, _one_or_none, body=body, headers=CREATE_IF_MISSING)


def change(object_id: ObjectId, **properties: Any) -> Call[None]:
    """Set properties of an application we know; what isn't named stays as it is."""
    return Call("PATCH", f"/applications/{object_id}", nothing, body=properties)


def delete(object_id: ObjectId) -> Call[None]:
    """Take the application away; Microsoft keeps it among the deleted ones for 30 days. Missing when it is gone."""
    return Call("DELETE", f"/applications/{object_id}", nothing)


def required_resource_access(required: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Graph's nested form of (resource application id, permission id, type), in a stable order."""
    nested: dict[str, list[dict[str, str]]] = {}
    for resource, permission, kind in sorted(required):
        nested.setdefault(resource, []).append({"id": permission, "type": kind})
    return [{"resourceAppId": resource, "resourceAccess": access} for resource, access in nested.items()]


def moment(value: Any) -> datetime | None:
    """A Graph time (ISO 8601 with up to seven decimals) as an aware datetime; None when there is none."""
    if not isinstance(value, str) or not value:
        return None
    whole, _, decimals = value.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{decimals[:6] or '0'}+00:00")


def _one(answer: Answer) -> Application:
    return _application(answer.body)


def _listed(answer: Answer, prefix: str) -> Listed[Application]:
    found = (_application(row) for row in rows(answer))
    ours = tuple(one for one in found if one.unique_name.startswith(prefix))
    return Listed(ours, whole=not answer.member("@odata.nextLink"))


def _application(record: Any) -> Application:
    return Application(
        object_id=ObjectId(text(record, "id")),
        app_id=AppId(text(record, "appId")),
        display_name=text(record, "displayName"),
        unique_name=record.get("uniqueName") or "",
        required=frozenset(_required(record)),
        passwords=tuple(_password(row) for row in record.get("passwordCredentials") or []),
        certificates=tuple(_certificate(row) for row in record.get("keyCredentials") or []),
        federated=tuple(map(federation.read, record.get(TRUST) or [])),
        redirects=tuple((record.get("web") or {}).get("redirectUris") or []),
        tells_trust=TRUST in record,
        made_at=moment(record.get("createdDateTime")),
    )


def _one_or_none(answer: Answer) -> Application | None:
    return _one(answer) if answer.body else None


def _required(record: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for resource in record.get("requiredResourceAccess") or []:
        for access in resource.get("resourceAccess") or []:
            yield text(resource, "resourceAppId"), text(access, "id"), text(access, "type")


def _password(row: Any) -> Password:
    return Password(
        key_id=KeyId(text(row, "keyId")),
        display_name=row.get("displayName") or "",
        ends_at=moment(row.get("endDateTime")),
        hint=row.get("hint") or "",
    )


def _certificate(row: Any) -> CertificateKey:
    return CertificateKey(
        key_id=KeyId(text(row, "keyId")),
        display_name=row.get("displayName") or "",
        ends_at=moment(row.get("endDateTime")),
        row=row,
    )


def _namesakes(answer: Answer, prefix: str) -> Listed[Namesake]:
    ours = tuple(
        Namesake(row["uniqueName"], row.get("displayName") or "", moment(row.get("deletedDateTime")))
        for row in rows(answer)
        if (row.get("uniqueName") or "").startswith(prefix)
    )
    return Listed(ours, whole=not answer.member("@odata.nextLink"))
