"""Bodies that no program should send: each is 400 at its property, and nothing of it is kept."""

import json

import pytest

from tests.emulator.graph_door import Door

guid = "11111111-0000-4000-8000-00000000000A"
scope = {"id": guid, "value": "use", "type": "User", "adminConsentDisplayName": "Use", "isEnabled": True}
role = {"id": guid, "value": "Work", "displayName": "Work", "allowedMemberTypes": ["User"], "isEnabled": True}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def made(door):
    return door.post("/applications", {"displayName": "Voice", "appRoles": [role]}).body


@pytest.fixture
def principal(door, made):
    return door.post("/servicePrincipals", {"appId": made["appId"]}).body


def against(body):
    """What Microsoft's description forbids to send; the door checks no raw bytes."""
    return json.dumps(body).encode()


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("body", "target"),
    [
        *[({"appRoles": [without(role, name)]}, name) for name in ("id", "displayName", "allowedMemberTypes")],
        *[
            ({"api": {"oauth2PermissionScopes": [without(scope, name)]}}, name)
            for name in ("id", "value", "type", "adminConsentDisplayName")
        ],
        ({"requiredResourceAccess": [{"resourceAppId": guid, "resourceAccess": [{"id": guid}]}]}, "type"),
        ({"requiredResourceAccess": [{"resourceAccess": []}]}, "resourceAppId"),
    ],
)
def test_row_inside_has_what_graph_needs_of_it(door, made, body, target):
    reply = door.patch(f"/applications/{made['id']}", body)
    assert (reply.status, reply.body["error"]["details"][0]["target"]) == (400, target)


@pytest.mark.parametrize("access", [{}, {"resourceAccess": None}])
def test_access_without_its_list_is_access_to_nothing(door, made, access):
    path = f"/applications/{made['id']}"
    rows = [{"resourceAppId": guid, **access}]
    assert door.patch(path, against({"requiredResourceAccess": rows})).status == 204
    assert door.get(path).body["requiredResourceAccess"] == [{"resourceAppId": guid, "resourceAccess": []}]


@pytest.mark.parametrize(
    "raw",
    [b'{"displayName": "\\ud800"}', b'{"displayName": "\xed\xa0\x80"}', b'{"groupTypes": NaN}', b"[" * 100_000],
)
def test_json_that_no_answer_could_say_is_400(door, raw):
    assert door.send("POST", "/applications", raw).code == "BadRequest"
    assert door.get("/applications").status == 200


@pytest.mark.parametrize(
    "times",
    [
        {"endDateTime": "2027-02-30T00:00:00Z"},
        {"endDateTime": "2027-02-28T24:00:00Z"},
        {"startDateTime": "0001-01-01T00:00:00+05:00"},
        {"startDateTime": "9998-06-01T00:00:00Z"},
    ],
)
def test_moment_that_does_not_exist_is_400(door, made, times):
    reply = door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": times})
    assert reply.status == 400


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2027-01-01T00:00:00.1234567+02:00", "2026-12-31T22:00:00Z"),
        ("2027-01-01T00:00:00.123+05:30", "2026-12-31T18:30:00Z"),
        ("2027-01-01T00:00:00.12345-02:00", "2027-01-01T02:00:00Z"),
        ("2027-01-01T00:00", "2027-01-01T00:00:00Z"),
    ],
)
def test_time_keeps_its_offset_whatever_its_decimals(door, made, written, kept):
    wanted = against({"passwordCredential": {"endDateTime": written}})
    assert door.post(f"/applications/{made['id']}/addPassword", wanted).body["endDateTime"] == kept


def test_null_empties_lists_and_is_refused_where_something_must_be(door, made, principal):
    wanted = {"displayName": "Voice", "mailNickname": "voice", "mailEnabled": False, "securityEnabled": True}
    path, group = f"/servicePrincipals/{principal['id']}", door.post("/groups", wanted).body["id"]
    assert door.patch(path, against({"tags": None, "servicePrincipalNames": None, "notes": None})).status == 204
    assert door.get(path).body["tags"] == []
    assert door.patch(f"/applications/{made['id']}", {"tags": ["voice"]}).status == 204
    refused = [
        (path, "displayName"),
        (path, "accountEnabled"),
        (f"/groups/{group}", "displayName"),
        *(("/users/grace.global@contoso.com", name) for name in ("userPrincipalName", "accountEnabled", "displayName")),
    ]
    for address, name in refused:
        assert door.patch(address, against({name: None})).body["error"]["details"][0]["target"] == name


@pytest.mark.parametrize(
    ("where", "body", "target"),
    [
        ("/users/grace.global@contoso.com", {"displayName": "x" * 257}, "displayName"),
        ("/users/grace.global@contoso.com", {"mailNickname": "x" * 65}, "mailNickname"),
        ("/groups/{group}", {"displayName": "x" * 257}, "displayName"),
        ("/groups/{group}", {"members@odata.bind": [f"https://x/v1.0/users/{n}" for n in range(21)]}, "members"),
        ("/applications/{app}/federatedIdentityCredentials/one", {"subject": "x" * 601}, "subject"),
        ("/applications/{app}", {"description": "x" * 1025}, "description"),
    ],
)
def test_texts_and_lists_are_no_longer_than_microsoft_lets_them_be(door, made, where, body, target):
    trusted = {"name": "one", "issuer": "https://a.example", "subject": "s", "audiences": ["api://a"]}
    assert door.post(f"/applications/{made['id']}/federatedIdentityCredentials", trusted).status == 201
    wanted = {"displayName": "Voice", "mailNickname": "voice", "mailEnabled": False, "securityEnabled": True}
    group = door.post("/groups", wanted).body["id"]
    reply = door.patch(where.format(group=group, app=made["id"]), body)
    assert (reply.status, reply.body["error"]["details"][0]["target"]) == (400, target)


def test_guids_are_one_however_they_are_written(door, made, principal):
    assert made["appRoles"][0]["id"] == guid.lower()
    row = {"principalId": door.user("grace.global").id, "resourceId": principal["id"], "appRoleId": guid}
    wanted = {name: value.upper() for name, value in row.items()}
    kept = door.post(f"/servicePrincipals/{principal['id'].upper()}/appRoleAssignedTo", wanted)
    assert (kept.status, kept.body["appRoleId"]) == (201, guid.lower())
    assert door.post(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", wanted).status == 400
    secret = door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}).body["keyId"]
    assert door.post(f"/applications/{made['id']}/removePassword", {"keyId": secret.upper()}).status == 204


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("", "must contain the Content-Type"), ("application/x-www-form-urlencoded", "a JSON Content-Type header")],
)
def test_body_says_that_it_is_json(door, kind, sentence):
    reply = door.post("/applications", {"displayName": "Voice"}, **{"content-type": kind})
    assert (reply.status, sentence in reply.message) == (400, True)
    assert door.post("/applications", {"displayName": "Voice"}, **{"content-type": "Application/JSON"}).status == 201
    assert door.post("/me/revokeSignInSessions", **{"content-type": kind}).status == 200
