"""Client secrets of applications and service principals: the text is in one answer and never again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.graph import app_restrictions, bodies, principal_lock, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, value_required
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from datetime import datetime

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
_where = (
    "/applications/{application-id}",
    "/applications(appId='{appId}')",
    "/servicePrincipals/{servicePrincipal-id}",
    "/servicePrincipals(appId='{appId}')",
)
_usual_life = timedelta(days=731)
_at_most = 100


@operations.on("POST", *(one + "/addPassword" for one in _where))
def add_password(call: Call) -> Answer:
    """200 with ``secretText``: 40 characters, valid for two years unless the client says otherwise."""
    item = _holder(call)
    principal_lock.check(call, item, ("passwordCredentials",))
    credential = made(call, item, call.body.get("passwordCredential") or {})
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#microsoft.graph.passwordCredential", **credential})


def made(call: Call, item: DirectoryObject, given: Any) -> dict[str, Any]:
    """A new secret of an object, with its text. Raises 400 when times, number or the tenant's policies forbid it."""
    wanted = _wanted(given)
    now = call.world.clock.now().replace(microsecond=0)
    starts = _moment(wanted, "startDateTime") or now
    try:
        ends = _moment(wanted, "endDateTime") or starts + _usual_life
    except OverflowError as error:
        raise invalid_value("startDateTime", "PasswordCredential") from error
    if ends <= starts:
        raise bad_request("The credential's endDateTime must be later than its startDateTime.", target="endDateTime")
    if len(item.body.get("passwordCredentials", [])) >= _at_most:
        raise bad_request(
            "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."
        )
    app_restrictions.check_secret(call.tenant, item, ends - starts)
    name = wanted.get("displayName")
    return credentials.add_password(call.world, item, display_name=name, starts=starts, ends=ends)


@operations.on("POST", *(one + "/removePassword" for one in _where))
def remove_password(call: Call) -> Answer:
    """204; 400 when no secret has that key id."""
    item, key_id = _holder(call), call.body.get("keyId")
    principal_lock.check(call, item, ("passwordCredentials",))
    if not key_id:
        raise value_required("keyId", "PasswordCredential")
    if not credentials.remove_password(item, str(key_id).lower()):
        raise bad_request(f"No password credential found with keyId '{key_id}'.", target="keyId")
    return no_content()


def _holder(call: Call) -> DirectoryObject:
    return targets.get(call, targets.kind_of_path(call.operation.path) or "application")


def _wanted(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise bad_request("Invalid value specified for parameter 'passwordCredential'.")
    return bodies.checked("passwordCredential", given, fixed=("keyId", "secretText", "hint"))


def _moment(wanted: dict[str, Any], name: str) -> datetime | None:
    return credentials.moment(wanted[name]) if wanted.get(name) else None
