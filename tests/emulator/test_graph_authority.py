"""The whole matrix: every operation × no token, wrong audience, no permission, scope without role, right.

Generated from Microsoft's data (``endpoint-permissions.json``) and the reviewed table of roles; a new operation takes
part by itself.
"""

import re

import pytest

from m365_emulator import data, tokens
from m365_emulator.directory import DirectoryObject
from m365_emulator.graph.authority import check, rules
from m365_emulator.graph.authority.beyond_table import beyond
from m365_emulator.graph.authority.permission_table import also_needed, own_permissions, same_permissions
from m365_emulator.graph.authority.rules import Rule
from m365_emulator.graph.authority.table import roles_of_operations
from m365_emulator.graph.catalogue import finder
from tests.emulator.graph_door import Door

every_operation = sorted(operation.name for operation in finder().operations)
# Of the operations beside the description, one for each pair of rule and permissions: the others share its row.
alike = {(row.who, row.permissions): name for name, row in sorted(beyond.items())}
operations = [name for name in every_operation if name not in beyond or name in alike.values()]
fitting_rule = {  # which rule is tested where the table asks the request's content first
    "granting": rules.grants_anything,
    "upserting": rules.creates_applications,
    "upserting_principal": rules.creates_principals,
    "requesting": rules.assigns_roles,
    "deleting": rules.manages_users,
    "restoring": rules.restores_applications,
    "updating_person": rules.manages_users,
    "creating_group": rules.creates_groups,
    "changing_group": rules.manages_groups,
}
nobody = "11111111-1111-4111-8111-111111111111"
unrelated = "Calendars.Read"


@pytest.fixture
def door():
    door = Door()
    application = DirectoryObject(
        "application",
        "a-1",
        {"id": "a-1", "appId": nobody, "displayName": "A", "uniqueName": "other", "passwordCredentials": []},
    )
    door.tenant.objects["a-1"] = application
    return door


def rule_of(operation):
    rule = roles_of_operations[operation]
    return rule if isinstance(rule, Rule) else fitting_rule[rule.__name__]


def ask(door, operation):
    """The operation with ids that name nothing: with authority the answer is anything but 401 or 403."""
    method, _, path = operation.partition(" ")
    graph = door.tenant.principal(data.graph_app_id).id
    body = {"resourceId": graph} if method == "POST" and "appRole" in path else {}
    return door.send(method, re.sub(r"\{[\w-]+\}", nobody, path), body if method in ("POST", "PATCH") else None)


def permission(operation, kind):
    """One permission that admits this kind of caller, beside those that another one must accompany."""
    found = sorted(getattr(check.permissions(operation), kind) - {"Application.ReadWrite.OwnedBy"})
    known = {role["value"] for role in (data.app_roles if kind == "application" else data.scopes)(data.graph_app_id)}
    return next((one for one in found if one in known), None)


def beside(operation):
    return ("Application.Read.All",) if operation in also_needed else ()


def with_role(door, name, role):
    person = door.user(name)
    for key in [key for key, row in door.tenant.role_assignments.items() if row["principalId"] == person.id]:
        del door.tenant.role_assignments[key]
    if role:
        door.give_directory_role(person.id, role)
    return name


def stranger(door):
    """A guest without any role."""
    return with_role(door, door.tenant.find("user", userType="Guest").body["userPrincipalName"], None)


people = [one for one in operations if permission(one, "delegated")]
applications = [one for one in operations if permission(one, "application")]


@pytest.mark.parametrize("operation", operations)
def test_without_a_token_nothing_is_answered(door, operation):
    assert ask(door, operation).status == 401


@pytest.mark.parametrize("operation", operations)
def test_token_for_another_audience_is_refused(door, operation):
    teams = door.tenant.principal(data.teams_app_id)
    principal = door.new_principal("Caller")
    resource = tokens.Resource(teams, data.teams_app_id)
    door.token = tokens.application_token(door.world, door.tenant, principal, resource, 3600)
    reply = ask(door, operation)
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("operation", operations)
def test_global_administrator_without_the_scope_is_refused(door, operation):
    reply = ask(door.as_person("grace.global", unrelated), operation)
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize("operation", [one for one in operations if " /me" not in one])
def test_application_without_the_permission_is_refused(door, operation):
    reply = ask(door.as_application(unrelated), operation)
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize("operation", [one for one in people if not rule_of(one).guests])
def test_scope_without_role_is_refused(door, operation):
    reply = ask(door.as_person(stranger(door), permission(operation, "delegated"), *beside(operation)), operation)
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("operation", "role"), [(operation, role) for operation in people for role in rule_of(operation).roles]
)
def test_scope_and_role_together_are_let_through(door, operation, role):
    name = with_role(door, "morgan.member", role)
    reply = ask(door.as_person(name, permission(operation, "delegated"), *beside(operation)), operation)
    assert reply.status not in (401, 403), reply.body


@pytest.mark.parametrize("operation", [one for one in people if not rule_of(one).members and not rule_of(one).policy])
def test_members_without_a_role_are_refused_where_no_page_lets_them(door, operation):
    door.as_person("morgan.member", permission(operation, "delegated"), *beside(operation))
    assert ask(door, operation).status == 403


@pytest.mark.parametrize("operation", [one for one in people if rule_of(one).members or rule_of(one).policy])
def test_members_are_let_through_where_a_page_says_so(door, operation):
    door.as_person("morgan.member", permission(operation, "delegated"), *beside(operation))
    assert ask(door, operation).status not in (401, 403)


@pytest.mark.parametrize("operation", applications)
def test_application_with_the_permission_is_let_through(door, operation):
    reply = ask(door.as_application(permission(operation, "application"), *beside(operation)), operation)
    assert reply.status not in (401, 403), reply.body


@pytest.mark.parametrize("operation", sorted(also_needed))
def test_granting_needs_the_right_to_read_as_well(door, operation):
    assert ask(door.as_person("grace.global", "AppRoleAssignment.ReadWrite.All"), operation).status == 403


def test_every_operation_has_a_rule_and_no_rule_is_left_over():
    assert set(every_operation) == set(roles_of_operations)


def test_every_rule_names_roles_that_exist_and_a_source():
    for operation in every_operation:
        rule = rule_of(operation)
        assert rule.role_ids >= frozenset()
        assert rule.source


def test_tables_beside_the_data_serve_operations_and_name_their_pages():
    for table in (own_permissions, same_permissions):
        for _, source in table.values():
            assert source.startswith("https://learn.microsoft.com/graph/api/")
    assert set(own_permissions) <= set(every_operation)


def test_who_acts_as_the_person_may_do_in_the_directory_what_they_may(door):
    """Microsoft Graph permissions reference: Directory.AccessAsUser.All, which azure-cli has (``az rest``)."""
    door.as_person("grace.global", "Directory.AccessAsUser.All")
    for name in ("directoryRoles", "domains", "applications", "me/memberOf"):
        assert door.get(f"/{name}").status == 200, name
    assert door.post("/users", {}).status == 400
    assert door.get("/organization").value[0]["countryLetterCode"]
    assert door.delete(f"/directoryObjects/{door.user('morgan.member').id}").status == 204
    assert door.get(f"/directory/deletedItems/{next(iter(door.tenant.deleted))}").status == 200
    assert door.get("/policies/defaultAppManagementPolicy").status == 403
    door.as_person("avery.apps", "Directory.AccessAsUser.All")
    assert (door.get("/directoryRoles").status, door.post("/users", {}).status) == (200, 403)
