"""People."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject
from m365_emulator.graph import app_role_assignments, bodies, containers, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, value_required
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import owned_by
from m365_emulator.graph.removal import soft_delete
from m365_emulator.login import people

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="user",
    set="users",
    filterable={
        "id": "eq ne not in",
        "accountEnabled": "eq ne not in",
        "displayName": "eq ne not ge le in startsWith",
        "userPrincipalName": "eq ne not ge le in startsWith endsWith",
        "mail": "eq ne not ge le in startsWith endsWith",
        "userType": "eq ne not in",
        "givenName": "eq ne not ge le in startsWith",
        "createdDateTime": "eq ne not ge le in",
        "surname": "eq ne not ge le in startsWith",
        "mailNickname": "eq ne not ge le in startsWith",
        "jobTitle": "eq ne not ge le in startsWith",
        "usageLocation": "eq ne not ge le in startsWith",
        "assignedLicenses": "any not",
        **dict.fromkeys(
            ("city", "companyName", "country", "department", "employeeId", "employeeType", "officeLocation"),
            "eq ne not ge le in startsWith",
        ),
        **dict.fromkeys(("mobilePhone", "postalCode", "preferredLanguage", "state"), "eq ne not ge le in startsWith"),
        **dict.fromkeys(("businessPhones", "otherMails", "proxyAddresses"), "any not eq ge le startsWith endsWith"),
        "onPremisesSyncEnabled": "eq ne not in",
        "creationType": "eq ne not in",
        "externalUserState": "eq ne not in",
    },
    expandable={
        "appRoleAssignments": app_role_assignments.held_by,
        "memberOf": lambda call, item: containers.direct(call, item["id"]),
        "ownedObjects": lambda call, item: owned_by(call, item["id"]),
    },
    sortable=frozenset({"displayName", "userPrincipalName", "createdDateTime"}),
    usual=(
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ),
)
_local_part = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")
_country = re.compile(r"[A-Za-z]{2}")
_kinds_of_letters = tuple(map(re.compile, (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")))
_shortest, _longest, _least_kinds = 8, 256, 3
_fixed = frozenset(
    {
        "id",
        "deletedDateTime",
        "createdDateTime",
        "creationType",
        "proxyAddresses",
        "assignedLicenses",
        "externalUserState",
    }
)
_kept = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "userType")


@operations.on("GET", "/users")
def list_users(call: Call) -> Answer:
    """The tenant's people, guests included."""
    return pages.collection(call, shape, [item.body for item in call.tenant.of_kind("user") if call.sees(item)])


@operations.on("GET", "/users/$count")
def count_users(call: Call) -> Answer:
    """How many there are, as plain text."""
    return pages.counted(call, shape, [item.body for item in call.tenant.of_kind("user") if call.sees(item)])


@operations.on("GET", "/users/{user-id}")
def get_user(call: Call) -> Answer:
    """By object id or by user principal name."""
    return pages.single(call, shape, targets.get(call, "user").body)


@operations.on("POST", "/users")
def create_user(call: Call) -> Answer:
    """201; the name must be on a verified domain and free."""
    wanted = bodies.checked(
        "user", call.body, fixed=_fixed, needed=("displayName", "mailNickname", "userPrincipalName", "passwordProfile")
    )
    _check_form(wanted)
    if not isinstance(wanted.get("accountEnabled"), bool):
        raise value_required("accountEnabled", "User")
    profile = wanted.pop("passwordProfile")
    if not profile.get("password"):
        raise value_required("password", "User")
    _check_name(call, wanted["userPrincipalName"])
    _check_password(profile["password"], str(wanted.get("passwordPolicies") or ""))
    person = _made(call, wanted)
    _set_password(call, person, profile)
    return pages.single(call, shape, person.body, status=201)


@operations.on("PATCH", "/users/{user-id}", "/me")
def update_user(call: Call) -> Answer:
    """204; only what is named changes."""
    person = _named(call)
    wanted = bodies.checked("user", call.body, fixed=_fixed, kept=_kept)
    _check_form(wanted)
    name = wanted.get("userPrincipalName", person.body["userPrincipalName"])
    if str(name).casefold() != person.body["userPrincipalName"].casefold():
        _check_name(call, name)
    _set_password(call, person, wanted.pop("passwordProfile", None) or {})
    person.body.update(wanted)
    return no_content()


@operations.on("POST", "/users/{user-id}/revokeSignInSessions", "/me/revokeSignInSessions")
def revoke_sessions(call: Call) -> Answer:
    """200: refresh tokens end (50173) and browsers forget the person; tokens that are out live on."""
    person = _named(call)
    now = call.world.clock.now()
    person.body["signInSessionsValidFromDateTime"] = graph_time(now)
    for tenant_id, user_id in people.everywhere(call.world, call.tenant, person):
        call.world.login.end_sessions(tenant_id, user_id)
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Edm.Boolean", "value": True})


@operations.on("DELETE", "/users/{user-id}")
def delete_user(call: Call) -> Answer:
    """Into the deleted items; roles and memberships are gone."""
    soft_delete(call, targets.get(call, "user"))
    return no_content()


def _named(call: Call) -> DirectoryObject:
    """The person whom the path names, or the one who calls."""
    return targets.get(call, "user") if "user-id" in call.keys else targets.own(call)


def _check_form(wanted: dict[str, Any]) -> None:
    """Raises 400 for a type that there isn't and a usage location that is not two letters (Create user)."""
    if wanted.get("userType", "Member") not in ("Member", "Guest"):
        raise invalid_value("userType", "User")
    if wanted.get("usageLocation") and not _country.fullmatch(wanted["usageLocation"]):
        raise invalid_value("usageLocation", "User")


def _check_password(text: str, policies: str) -> None:
    """Raises 400 for a weak password: eight characters of three kinds, unless the person's policy spares them.

    Source: Microsoft Entra password policies; the sentence is seen in several public projects.
    """
    kinds = sum(bool(kind.search(text)) for kind in _kinds_of_letters)
    if not _shortest <= len(text) <= _longest or (kinds < _least_kinds and "DisableStrongPassword" not in policies):
        raise bad_request(
            "The specified password does not comply with password complexity requirements. Please provide a different "
            "password.",
            target="password",
        )


def _set_password(call: Call, person: DirectoryObject, profile: dict[str, Any]) -> None:
    """Another password, and whether the next sign-in asks for one of the person's own (50055)."""
    if profile.get("password"):
        _check_password(profile["password"], str(person.body.get("passwordPolicies") or ""))
        credentials.replace_person_password(call.world, person, profile["password"])
    asks = (profile.get(name) for name in ("forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"))
    if profile:
        person.hidden["password_expired"] = any(asks)


def _check_name(call: Call, name: str) -> None:
    """The name's domain must be one of the tenant's verified ones, and nobody else may have the name."""
    domains = map(str.lower, call.tenant.domain_names())
    if name.count("@") != 1 or name.rpartition("@")[2].lower() not in domains:
        raise bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the "
            "verified domain names in your organization.",
            target="userPrincipalName",
        )
    if not _local_part.fullmatch(name.partition("@")[0]):
        raise invalid_value("userPrincipalName", "User")
    if call.tenant.user(name) is not None:
        raise bad_request(
            "Another object with the same value for property userPrincipalName already exists.",
            target="userPrincipalName",
            detail="ObjectConflict",
        )


def _made(call: Call, wanted: dict[str, Any]) -> DirectoryObject:
    oid = call.world.ids.uuid("user")
    body = {
        "id": oid,
        "deletedDateTime": None,
        "accountEnabled": True,
        "businessPhones": [],
        "givenName": None,
        "createdDateTime": graph_time(call.world.clock.now()),
        "surname": None,
        "jobTitle": None,
        "mail": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "userType": "Member",
        "usageLocation": None,
        "assignedLicenses": [],
        **wanted,
    }
    person = DirectoryObject("user", oid, body)
    call.tenant.objects[oid] = person
    call.world.replica.wrote("user", oid)
    return person
