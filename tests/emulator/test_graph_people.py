"""Groups and people: changed, asked about, given applications; the organization's contacts; who did what."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door, contoso


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def group(door):
    body = {"displayName": "Voice", "mailEnabled": False, "mailNickname": "voice", "securityEnabled": True}
    return door.post("/groups", body).body


def test_group_is_changed(door, group):
    assert door.patch(f"/groups/{group['id']}", {"description": "All with a phone"}).status == 204
    assert door.get(f"/groups/{group['id']}").body["description"] == "All with a phone"
    assert door.patch(f"/groups/{group['id']}", {"isAssignableToRole": True}).status == 400


def test_questions_about_membership(door, group):
    morgan = door.user("morgan.member").id
    door.post(f"/groups/{group['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/users/{morgan}"})
    assert door.post(f"/users/{morgan}/getMemberGroups", {"securityEnabledOnly": True}).value == [group["id"]]
    asked = {"groupIds": [group["id"], contoso]}
    assert door.post(f"/users/{morgan}/checkMemberGroups", asked).value == [group["id"]]
    door.give_directory_role(morgan, "Directory Readers")
    (role,) = door.get(f"/users/{morgan}/memberOf/microsoft.graph.directoryRole").value
    both = {"ids": [role["id"], group["id"], contoso]}
    assert door.post(f"/users/{morgan}/checkMemberObjects", both).value == [role["id"], group["id"]]
    assert door.post(f"/users/{morgan}/checkMemberObjects", {"ids": "all"}).status == 400
    assert door.post(f"/users/{morgan}/checkMemberGroups", {"groupIds": [contoso] * 21}).status == 400


@pytest.mark.parametrize("where", ["/directoryObjects/{morgan}", "/groups/{group}"])
def test_who_writes_groups_may_ask_about_membership_and_owners(door, group, where):
    """directoryObject: checkMemberGroups, List group owners; ``az ad group`` asks with Group.ReadWrite.All."""
    address = where.format(morgan=door.user("morgan.member").id, group=group["id"])
    door.as_person("grace.global", "Group.ReadWrite.All")
    assert door.post(f"{address}/checkMemberGroups", {"groupIds": [group["id"]]}).value == []
    assert door.get(f"/groups/{group['id']}/owners").status == 200


def test_questions_about_ones_own_membership(door, group):
    morgan = door.user("morgan.member").id
    door.post(f"/groups/{group['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/users/{morgan}"})
    door.as_person("morgan.member")
    assert door.post("/me/getMemberGroups", {"securityEnabledOnly": False}).value == [group["id"]]
    assert door.post("/me/checkMemberObjects", {"ids": [group["id"]]}).value == [group["id"]]


def test_questions_about_an_applications_membership(door, group):
    principal = door.new_principal("Voice").id
    door.post(f"/groups/{group['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/servicePrincipals/{principal}"})
    where = f"/servicePrincipals/{principal}"
    assert door.post(f"{where}/getMemberGroups", {"securityEnabledOnly": False}).value == [group["id"]]
    assert door.post(f"{where}/checkMemberObjects", {"ids": [group["id"]]}).value == [group["id"]]


def test_person_is_given_an_application(door):
    morgan, principal = door.user("morgan.member").id, door.new_principal("Voice").id
    body = {"principalId": morgan, "resourceId": principal, "appRoleId": "00000000-0000-0000-0000-000000000000"}
    made = door.post(f"/users/{morgan}/appRoleAssignments", body)
    assert (made.status, made.body["principalType"]) == (201, "User")
    assert [one["id"] for one in door.get(f"/users/{morgan}/appRoleAssignments").value] == [made.body["id"]]
    assert door.post(f"/users/{morgan}/appRoleAssignments", body).status == 400


def test_contacts_of_the_organization_are_changed(door):
    body = {"technicalNotificationMails": ["voice@contoso.com"]}
    assert door.patch(f"/organization/{contoso}", body).status == 204
    assert door.get(f"/organization/{contoso}").body["technicalNotificationMails"] == ["voice@contoso.com"]
    assert door.patch(f"/organization/{contoso}", {"displayName": "Mine"}).status == 400
    assert door.patch("/organization/other", body).status == 404


def test_changes_stand_in_the_audit_log(door):
    made = door.post("/applications", {"displayName": "Voice"}).body
    door.post(f"/applications/{made['id']}/addPassword", {})
    door.post("/applications", {"displayName": ""})
    door.as_person("riley.roles").post(
        "/roleManagement/directory/roleAssignments",
        {
            "roleDefinitionId": data.role_ids_by_name()["Directory Readers"],
            "principalId": door.user("morgan.member").id,
            "directoryScopeId": "/",
        },
    )
    reader = door.user("morgan.member").id
    door.give_directory_role(reader, "Security Reader")
    door.as_person("morgan.member")
    rows = door.get("/auditLogs/directoryAudits").value
    assert [(one["activityDisplayName"], one["initiatedBy"]["user"]["userPrincipalName"]) for one in rows] == [
        ("Add member to role", "riley.roles@contoso.com"),
        ("Update application – Certificates and secrets management", "grace.global@contoso.com"),
        ("Add application", "grace.global@contoso.com"),
    ]
    assert rows[-1]["targetResources"][0]["id"] == made["id"]
    chosen = door.get("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add application'").value
    assert len(chosen) == 1


def test_applications_changes_are_their_own_in_the_audit_log(door):
    door.as_application("Application.ReadWrite.All", "AuditLog.Read.All").post("/applications", {"displayName": "Twin"})
    (row,) = door.get("/auditLogs/directoryAudits").value
    assert row["initiatedBy"]["app"]["displayName"] == "Caller"


def test_last_person_who_owns_a_group_stays(door, group):
    grace, morgan = (door.user(name).id for name in ("grace.global", "morgan.member"))
    for name in ("grace.global", "morgan.member"):
        reference = {"@odata.id": f"https://x/v1.0/users/{name}@contoso.com"}
        assert door.post(f"/groups/{group['id']}/owners/$ref", reference).status == 204
    assert door.delete(f"/groups/{group['id']}/owners/{grace}/$ref").status == 204
    assert door.delete(f"/groups/{group['id']}/owners/{morgan}/$ref").status == 400


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"mailNickname": "a b@c"}, "mailNickname"),
        ({"mailNickname": "großvater"}, "mailNickname"),
        ({"mailEnabled": True}, "mailEnabled"),
    ],
)
def test_groups_of_wrong_form_are_refused(door, change, target):
    body = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True, **change}
    reply = door.post("/groups", body)
    assert (reply.status, reply.body["error"]["details"][0]["target"]) == (400, target)


def test_microsoft_365_group_has_an_address_and_is_public(door):
    body = {"displayName": "G", "mailEnabled": True, "mailNickname": "g", "securityEnabled": False}
    made = door.post("/groups", {**body, "groupTypes": ["Unified"]}).body
    assert (made["mail"], made["proxyAddresses"]) == ("g@contoso.com", ["SMTP:g@contoso.com"])
    assert (made["visibility"], made["renewedDateTime"]) == ("Public", made["createdDateTime"])


def test_group_is_no_member_of_itself(door, group):
    own = {"@odata.id": f"https://x/v1.0/groups/{group['id']}"}
    assert door.post(f"/groups/{group['id']}/members/$ref", own).status == 400
