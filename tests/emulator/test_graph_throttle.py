"""Graph's token buckets, also inside a batch; Prefer and If-None-Match; clauses of $search; lists spelled once."""

import json

import pytest

from m365_emulator.graph import throttle, wire
from m365_emulator.login import policies
from tests.emulator.graph_door import Door


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def test_buckets_are_off_until_they_are_asked_for(door):
    replies = [door.get("/applications") for _ in range(30)]
    assert {(reply.status, reply.headers["x-ms-resource-unit"]) for reply in replies} == {(200, "2")}


def test_empty_bucket_is_429_with_the_time_to_wait(door):
    policies.change(door.tenant, {"throttling": {"units": 10, "unitsSeconds": 10}})
    assert [door.get("/applications").status for _ in range(5)] == [200] * 5
    reply = door.get("/applications")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (429, "TooManyRequests", "2")
    assert reply.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert reply.headers["x-ms-throttle-scope"].startswith("Tenant_Application/")
    door.world.clock.advance(2)
    assert door.get("/applications").status == 200


def test_nearly_empty_bucket_says_so(door):
    policies.change(door.tenant, {"throttling": {"units": 10}})
    told = [door.get("/applications").headers.get("x-ms-throttle-limit-percentage") for _ in range(5)]
    assert told == [None, None, None, "0.8", "1.0"]


def test_writes_have_a_bucket_of_their_own(door):
    policies.change(door.tenant, {"throttling": {"writes": 1, "writesSeconds": 150}})
    assert door.post("/applications", {"displayName": "One"}).status == 201
    reply = door.post("/applications", {"displayName": "Two"})
    assert (reply.status, reply.headers["retry-after"]) == (429, "150")
    assert door.get("/applications").status == 200


def test_each_request_of_a_batch_is_throttled_by_itself(door):
    policies.change(door.tenant, {"throttling": {"units": 3, "unitsSeconds": 10}})
    requests = [{"id": str(number), "method": "GET", "url": "/applications"} for number in range(2)]
    rows = door.post("/$batch", {"requests": requests}).body["responses"]
    assert [row["status"] for row in rows] == [200, 429]
    assert rows[1]["headers"]["Retry-After"] == "4"


def test_real_sizes_follow_the_number_of_people(door):
    policies.change(door.tenant, {"throttling": True})
    assert door.get("/applications").status == 200
    assert door.tenant.settings["throttleBuckets"][next(iter(door.tenant.settings["throttleBuckets"]))][0] == 3498


def test_costs_follow_microsofts_table(door):
    paths = {
        "/applications": "2",
        "/applications?$select=id": "1",
        "/applications?$expand=owners($select=id)": "3",
        "/applications?$top=5": "1",
        "/subscribedSkus": "3",
        "/organization": "1",
        "/me/memberOf": "2",
    }
    assert {path: door.get(path).headers["x-ms-resource-unit"] for path in paths} == paths


@pytest.mark.parametrize("wrong", ["yes", {"units": 0}, {"litres": 3}, 1])
def test_wrong_buckets_are_refused(wrong):
    with pytest.raises(ValueError, match="throttling must be"):
        throttle.checked(wrong)


def test_upsert_that_must_not_change_anything_is_412(door):
    body, only_new = {"displayName": "Voice"}, {"Prefer": "create-if-missing", "If_None_Match": "*"}
    where = "/applications(uniqueName='voice')"
    made = door.patch(where, body, **only_new)
    assert made.status == 201
    assert (door.patch(where, body, **only_new).status, door.patch(where, body).status) == (412, 204)
    principal = f"/servicePrincipals(appId='{made.body['appId']}')"
    assert [door.patch(principal, {}, **only_new).status for _ in range(2)] == [201, 412]


def test_size_of_pages_can_be_preferred(door):
    for number in range(5):
        door.post("/applications", {"displayName": f"App {number}"})
    reply = door.get("/applications", Prefer="odata.maxpagesize=2")
    assert (len(reply.value), "@odata.nextLink" in reply.body) == (2, True)
    assert len(door.get("/applications", Prefer="odata.maxpagesize=none").value) > 2


def test_search_takes_several_clauses(door):
    def names(search):
        reply = door.get(f"/users?$search={search}&$select=displayName", ConsistencyLevel="eventual")
        return [one["displayName"] for one in reply.value]

    assert names('"displayName:grace" OR "displayName:avery"') == ["Grace Global", "Avery Apps"]
    assert names('"displayName:grace" AND "mail:grace.g"') == ["Grace Global"]
    assert names('"displayName:grace" AND "mail:contoso"') == []
    assert names('("displayName:grace" OR "displayName:avery") AND "userPrincipalName:avery"') == ["Avery Apps"]
    assert names('"displayName:grace" AND "displayName:avery"') == []
    unquoted = door.get("/users?$search=displayName:grace", ConsistencyLevel="eventual")
    assert (unquoted.status, unquoted.code) == (400, "BadRequest")
    assert unquoted.message == "Syntax error: character ':' is not valid at position 11 in 'displayName:grace'."


def test_lists_of_permissions_are_spelled_as_any_other(door):
    graph = door.tenant.find("servicePrincipal", displayName="Microsoft Graph").body
    for body in (graph, {"@odata.context": "c", "value": [graph, {"id": "é"}]}, {"id": None}, [1]):
        plain = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        assert wire.json_bytes(body) == plain
