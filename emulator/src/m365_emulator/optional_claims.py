"""Optional claims: what tokens say about a person only where a registration asks for it.

For id tokens the client's registration decides, for access tokens the one of the API that they are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

_of_person = {
    "ctry": "usageLocation",
    "email": "mail",
    "family_name": "surname",
    "given_name": "givenName",
    "upn": "userPrincipalName",
    "verified_primary_email": "mail",
    "xms_pl": "preferredLanguage",
}
_lists = frozenset({"verified_primary_email"})


def asked(world: World, app_id: str, kind: str) -> set[str]:
    """Names of the optional claims that the registration at home wants in tokens of a kind (``idToken``)."""
    found = world.directory.home_of_application(app_id)
    wanted = (found[1].body.get("optionalClaims") or {}) if found is not None else {}
    return {str(each.get("name")) for each in wanted.get(kind) or ()}


def of_person(tenant: Tenant, person: DirectoryObject, wanted: set[str], *, proved_at: float = 0.0) -> dict[str, Any]:
    """Those of the wanted claims that there is something to say about."""
    body = person.body
    claims = {name: body[key] for name, key in _of_person.items() if name in wanted and body.get(key)}
    claims.update({name: [claims[name]] for name in _lists if name in claims})
    fixed: dict[str, Any] = {
        "acct": int(body.get("userType") == "Guest"),
        "auth_time": int(proved_at),
        "ipaddr": "127.0.0.1",
        "tenant_ctry": tenant.organization.get("countryLetterCode"),
        "tenant_region_scope": tenant.settings.get("region", "NA"),
        "preferred_username": person.hidden.get("sign_in_name", body["userPrincipalName"]),
    }
    return {**claims, **{name: value for name, value in fixed.items() if name in wanted and value is not None}}
