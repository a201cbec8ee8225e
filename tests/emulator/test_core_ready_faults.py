"""Ready-made faults: each is described, can be set by its name alone, and does what it says; in batches too."""

import pytest

from m365_emulator.control import ready_faults
from m365_emulator.faults import Faults
from tests.emulator.graph_door import Door


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def put(door, name):
    door.world.faults.set(name, **ready_faults.of(name))


@pytest.mark.parametrize("name", ready_faults.ready)
def test_every_ready_fault_can_be_set_and_says_what_it_means(name):
    fault = Faults().set(name, **ready_faults.of(name))
    assert ready_faults.ready[name]["means"]
    assert fault.effect.answers or fault.effect.cut or fault.effect.lags or fault.effect.delay_ms


def test_control_door_lists_them_and_sets_them_by_name(emulator):
    guide = emulator.control("GET", "")
    assert set(guide["ready_faults"]) == set(ready_faults.ready)
    (fault,) = emulator.control("PUT", "faults/throttled")["faults"]
    assert (fault["name"], fault["effect"]["status"]) == ("throttled", 429)
    emulator.control("DELETE", "faults")


def test_unknown_name_without_a_body_is_told(emulator):
    door = emulator.ready["control"]
    reply = emulator.session.put(door["url"] + "faults/nothing", headers={door["header"]: door["token"]})
    assert (reply.status_code, "no ready-made fault" in reply.json()["error"]) == (400, True)


def test_concurrent_write_conflicts_once(door):
    put(door, "concurrency-conflict")
    replies = [door.post("/applications", {"displayName": "Voice"}) for _ in range(2)]
    assert [(one.status, one.status == 409 and one.code) for one in replies] == [
        (409, "Request_Conflict"),
        (201, False),
    ]


def test_grant_is_written_although_the_answer_is_404(door):
    put(door, "grant-written-but-404")
    graph = door.tenant.find("servicePrincipal", displayName="Microsoft Graph")
    principal = door.new_principal("Voice").id
    role = next(one["id"] for one in graph.body["appRoles"] if one["value"] == "User.Read.All")
    body = {"principalId": principal, "resourceId": graph.id, "appRoleId": role}
    where = f"/servicePrincipals/{principal}/appRoleAssignments"
    assert door.post(where, body).status == 404
    assert [one["appRoleId"] for one in door.get(where).value] == [role]
    assert "already exists" in door.post(where, body).message


def test_secret_is_written_although_the_answer_is_404(door):
    made = door.post("/applications", {"displayName": "Voice"}).body
    put(door, "secret-written-but-404")
    reply = door.post(f"/applications/{made['id']}/addPassword", {})
    assert (reply.status, "secretText" in str(reply.body)) == (404, False)
    assert len(door.get(f"/applications/{made['id']}").body["passwordCredentials"]) == 1


@pytest.mark.parametrize(("name", "status"), [("principal-refused-403", 403), ("principal-refused-400", 400)])
def test_misleading_refusal_comes_once(door, name, status):
    made = door.post("/applications", {"displayName": "Voice"}).body
    put(door, name)
    replies = [door.post("/servicePrincipals", {"appId": made["appId"]}).status for _ in range(2)]
    assert replies == [status, 201]


def test_late_answer_strikes_single_requests_of_a_batch(door):
    put(door, "application-written-but-500")
    upsert = {
        "id": "1",
        "method": "PATCH",
        "url": "/applications(uniqueName='voice')",
        "headers": {"Content-Type": "application/json", "Prefer": "create-if-missing"},
        "body": {"displayName": "Voice"},
    }
    read = {"id": "2", "method": "GET", "url": "/applications(uniqueName='voice')"}
    rows = door.post("/$batch", {"requests": [upsert, read]}).body["responses"]
    assert [row["status"] for row in rows] == [500, 200]
