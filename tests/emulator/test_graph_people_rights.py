"""Whom one may read, change, end and bring back: oneself, people without roles, people with high ones."""

import pytest

from tests.emulator.graph_door import Door

managing = ("User.ReadWrite.All", "User.RevokeSessions.All")
password = {"passwordProfile": {"password": "Another-Password-1", "forceChangePasswordNextSignIn": False}}


@pytest.fixture
def door():
    return Door()


def with_role(door, name, role):
    """Somebody with this role alone."""
    oid = door.user(name).id
    for key in [key for key, row in door.tenant.role_assignments.items() if row["principalId"] == oid]:
        del door.tenant.role_assignments[key]
    door.give_directory_role(oid, role)
    return name


def test_user_read_is_for_oneself_alone(door):
    grace, morgan = (door.user(name).id for name in ("grace.global", "morgan.member"))
    door.as_person("morgan.member", "User.Read")
    for end in ("", "?$select=accountEnabled", "/memberOf", "/licenseDetails"):
        assert door.get(f"/users/{grace}{end}").status == 403
        assert door.get(f"/users/{morgan}{end}").status == 200
    assert door.get("/users/morgan.member@contoso.com").status == 200
    assert door.as_person("morgan.member", "User.ReadBasic.All").get(f"/users/{grace}").status == 200


def test_people_change_their_own_phone_and_nothing_else(door):
    morgan = door.user("morgan.member").id
    assert door.as_person("grace.global", "User.ReadWrite").patch(f"/users/{morgan}", {"jobTitle": "X"}).status == 403
    door.as_person("morgan.member", "User.ReadWrite")
    assert door.patch(f"/users/{morgan}", {"mobilePhone": "+41 79 000 00 00"}).status == 204
    assert door.patch(f"/users/{morgan}", {"displayName": "Boss"}).status == 403
    assert door.patch("/users/grace.global@contoso.com", {"mobilePhone": "+41"}).status == 403


def test_people_change_themselves_by_the_short_address(door):
    """Update user: ``PATCH /me``; the same rights as at ``/users/{own id}``."""
    door.as_person("morgan.member", "User.ReadWrite")
    assert door.patch("/me", {"mobilePhone": "+41 79 000 00 00"}).status == 204
    assert door.patch("/me", {"displayName": "Boss"}).status == 403
    assert door.get("/me?$select=mobilePhone").body["mobilePhone"] == "+41 79 000 00 00"
    door.as_person("grace.global", "User.ReadWrite.All", "User.Read", "AuditLog.Read.All")
    assert door.patch("/me", {"jobTitle": "Administrator"}).status == 204
    assert door.as_person("grace.global", "User-Phone.ReadWrite.All").patch("/me", {"jobTitle": "X"}).status == 403


@pytest.mark.parametrize(
    ("permission", "change"),
    [
        ("User-Phone.ReadWrite.All", {"mobilePhone": "+41 79 000 00 00"}),
        ("User-Mail.ReadWrite.All", {"otherMails": ["x@y.example"]}),
        ("User-PasswordProfile.ReadWrite.All", password),
        ("User.EnableDisableAccount.All", {"accountEnabled": False}),
    ],
)
def test_permission_for_a_property_is_good_for_nothing_else(door, permission, change):
    morgan = f"/users/{door.user('morgan.member').id}"
    door.as_person("grace.global", permission)
    assert door.patch(morgan, {**change, "displayName": "Other"}).status == 403
    assert door.patch(morgan, change).status == 204


@pytest.mark.parametrize("act", ["password", "disable", "sessions", "delete"])
def test_people_with_high_roles_are_out_of_reach_of_lower_ones(door, act):
    def do(name):
        one = f"/users/{name}@contoso.com"
        match act:
            case "password":
                return door.patch(one, password).status
            case "disable":
                return door.patch(one, {"accountEnabled": False}).status
            case "sessions":
                return door.post(f"{one}/revokeSignInSessions").status
            case _:
                return door.delete(one).status

    with_role(door, "morgan.member", "User Administrator")
    door.as_person("morgan.member", *managing)
    assert [do("grace.global"), do("riley.roles")] == [403, 403]
    with_role(door, "avery.apps", "Helpdesk Administrator")
    assert do("avery.apps") in (200, 204)
    door.as_application(*managing)
    assert [do("grace.global"), do("riley.roles")] == [403, 403]
    door.as_person("grace.global", *managing)
    assert do("riley.roles") in (200, 204)


def test_member_of_a_group_that_can_have_roles_counts_as_one_with_a_high_role(door):
    body = {"displayName": "R", "mailEnabled": False, "mailNickname": "r", "securityEnabled": True}
    group = door.as_person("grace.global").post("/groups", {**body, "isAssignableToRole": True}).body["id"]
    door.tenant.memberships[group] = [door.user("morgan.member").id]
    door.as_person(with_role(door, "avery.apps", "User Administrator"), *managing)
    assert door.patch("/users/morgan.member@contoso.com", password).status == 403
    assert door.patch("/users/morgan.member@contoso.com", {"jobTitle": "Voice"}).status == 204


def test_deleted_people_are_for_those_who_manage_people(door):
    morgan = door.user("morgan.member").id
    where = f"/directory/deletedItems/{morgan}"
    assert door.as_person("grace.global").delete(f"/users/{morgan}").status == 204
    door.as_person("avery.apps", *managing, "Application.ReadWrite.All")
    refused = (door.get(where), door.get("/directory/deletedItems/microsoft.graph.user"), door.post(f"{where}/restore"))
    assert [one.status for one in refused] == [403, 403, 403]
    door.as_person(with_role(door, "riley.roles", "User Administrator"), *managing)
    assert door.get("/directory/deletedItems/microsoft.graph.user").status == 200
    assert [door.get(where).status, door.post(f"{where}/restore").status] == [200, 200]


def test_deleted_administrator_is_restored_by_a_higher_one(door):
    riley = door.user("riley.roles").id
    where = f"/directory/deletedItems/{riley}/restore"
    assert door.as_person("grace.global").delete(f"/users/{riley}").status == 204
    door.as_person(with_role(door, "avery.apps", "User Administrator"), *managing)
    assert door.post(where).status == 403
    assert door.as_person("grace.global", *managing).post(where).status == 200


def test_deleted_groups_and_applications_by_the_permission_of_their_kind(door):
    body = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group = door.as_person("grace.global").post("/groups", body).body["id"]
    app = door.post("/applications", {"displayName": "A"}).body["id"]
    assert [door.delete(f"/groups/{group}").status, door.delete(f"/applications/{app}").status] == [204, 204]
    for oid, right, reading in (
        (group, "Group.ReadWrite.All", "Group.Read.All"),
        (app, "Application.ReadWrite.All", "Application.Read.All"),
    ):
        where = f"/directory/deletedItems/{oid}"
        assert door.as_person("grace.global", "User.ReadWrite.All").post(f"{where}/restore").status == 403
        assert door.as_person("grace.global", reading).get(where).status == 200
        assert door.post(f"{where}/restore").status == 403
        assert door.as_person("grace.global", right).post(f"{where}/restore").status == 200
    assert door.delete(f"/applications/{app}").status == 204
    daemon = door.as_application("Application.ReadWrite.OwnedBy")
    assert daemon.post(f"/directory/deletedItems/{app}/restore").status == 403


def test_what_was_taken_meanwhile_is_not_restored(door):
    door.as_person("grace.global")
    person = {"accountEnabled": True, "displayName": "D", "mailNickname": "d", "userPrincipalName": "d@contoso.com"}
    first = door.post("/users", {**person, **password}).body["id"]
    app = {"displayName": "A", "identifierUris": ["https://contoso.com/voice"]}
    other = door.post("/applications", app).body["id"]
    for path, again in ((f"/users/{first}", {**person, **password}), (f"/applications/{other}", app)):
        assert door.delete(path).status == 204
        kind, _, oid = path[1:].partition("/")
        assert door.post(f"/{kind}", again).status == 201
        refused = door.post(f"/directory/deletedItems/{oid}/restore")
        assert (refused.status, refused.body["error"]["details"][0]["code"]) == (400, "ObjectConflict")


def test_tenant_may_forbid_its_members_to_read_other_people(door):
    grace, morgan = (door.user(name).id for name in ("grace.global", "morgan.member"))
    change = {"defaultUserRolePermissions": {"allowedToReadOtherUsers": False}}
    assert door.as_person("grace.global").patch("/policies/authorizationPolicy", change).status == 204
    assert door.get("/users").status == 200
    door.as_person("morgan.member", "User.Read.All")
    assert [door.get(path).status for path in ("/users", f"/users/{grace}", f"/users/{grace}/memberOf")] == [403] * 3
    assert door.get(f"/users/{morgan}").status == 200
