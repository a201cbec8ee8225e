"""JSON batching: order, dependencies, faults and log entries of single requests, and batches of wrong form."""

import base64
import json

import pytest

from tests.emulator.graph_door import Door


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def step(number, url="/me?$select=id", method="GET", **more):
    return {"id": str(number), "method": method, "url": url, **more}


def create(number, name, **more):
    return step(
        number,
        "/applications",
        "POST",
        body={"displayName": name},
        headers={"Content-Type": "application/json"},
        **more,
    )


def batch(door, *steps):
    return door.post("/$batch", {"requests": list(steps)})


def by_id(reply):
    return {one["id"]: one for one in reply.body["responses"]}


def test_each_request_has_its_own_answer(door):
    answers = by_id(batch(door, step(1), step(2, "organization?$select=id"), step(3, "/users/nobody@contoso.com")))
    assert [answers[one]["status"] for one in "123"] == [200, 200, 404]
    assert answers["3"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["1"]["headers"]["Content-Type"].startswith("application/json")


def test_each_answer_has_the_headers_that_microsofts_example_shows(door):
    found, refused = (by_id(batch(door, step(1), step(2, "/users/nobody@contoso.com")))[one] for one in "12")
    assert {key: found["headers"][key] for key in ("Cache-Control", "x-ms-resource-unit", "OData-Version")} == {
        "Cache-Control": "no-cache",
        "x-ms-resource-unit": "1",
        "OData-Version": "4.0",
    }
    assert refused["headers"] == {
        "Cache-Control": "no-cache",
        "x-ms-resource-unit": "1",
        "Content-Type": "application/json",
    }


def test_body_may_be_base64_for_addresses(door):
    told = json.dumps({"displayName": "Voice ~~~???"}).encode()
    for text in (base64.b64encode(told), base64.urlsafe_b64encode(told).rstrip(b"=")):
        row = step(1, "/applications", "POST", body=text.decode(), headers={"Content-Type": "application/json"})
        assert by_id(batch(door, row))["1"]["body"]["displayName"] == "Voice ~~~???"


def test_answers_without_a_body_have_none(door):
    made = by_id(batch(door, create(1, "Voice")))["1"]
    assert made["status"] == 201
    assert made["headers"]["Location"].endswith(made["body"]["id"])
    deleted = by_id(batch(door, step(1, f"/applications/{made['body']['id']}", "DELETE")))["1"]
    assert (deleted["status"], "body" in deleted) == (204, False)


def test_dependants_come_later_and_fail_with_424(door):
    answers = by_id(
        batch(door, step(1, dependsOn=["2"]), step(2, "/users/nobody@contoso.com"), step(3, dependsOn=["1"]), step(4))
    )
    assert {key: one["status"] for key, one in answers.items()} == {"1": 424, "2": 404, "3": 424, "4": 200}
    assert answers["1"]["body"]["error"]["code"] == "FailedDependency"


def test_dependants_see_what_was_made_before(door):
    answers = by_id(
        batch(door, step(1, "/applications?$filter=displayName eq 'Voice'", dependsOn=["2"]), create(2, "Voice"))
    )
    assert len(answers["1"]["body"]["value"]) == 1


def test_twenty_requests_are_the_most(door):
    assert batch(door, *(step(number) for number in range(20))).status == 200
    refused = batch(door, *(step(number) for number in range(21)))
    assert (refused.status, refused.code) == (400, "BadRequest")


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step("a"), step("A")],
        [step(1, dependsOn=["2"])],
        [step(1, dependsOn=["2"]), step(2, dependsOn=["1"])],
        [step(1, "/applications", "POST", body={"displayName": "x"})],
        [step(1, "/me/revokeSignInSessions", "POST", headers={"Content-Type": "application/json"})],
        [{"method": "GET", "url": "/me"}],
        [{"id": "1", "url": "/me"}],
        [{"id": "1", "method": "GET"}],
        ["no object"],
        [step(1, "/applications", "POST", body="no base64!", headers={"Content-Type": "application/json"})],
    ],
)
def test_batches_of_wrong_form_are_refused_whole(door, steps):
    reply = batch(door, *steps)
    assert (reply.status, reply.code) == (400, "BadRequest")


def test_body_may_come_as_base64_of_json(door):
    body = "eyJkaXNwbGF5TmFtZSI6ICJWb2ljZSJ9"
    made = step(1, "/applications", "POST", body=body, headers={"Content-Type": "application/json"})
    assert by_id(batch(door, made))["1"]["body"]["displayName"] == "Voice"


def test_headers_of_a_request_reach_it(door):
    upsert = step(
        1,
        "/applications(uniqueName='x')",
        "PATCH",
        body={"displayName": "Voice"},
        headers={"content-type": "application/json", "prefer": "create-if-missing"},
    )
    assert by_id(batch(door, upsert))["1"]["status"] == 201
    counted = step(1, "/users?$count=true&$select=id", headers={"ConsistencyLevel": "eventual"})
    assert by_id(batch(door, counted))["1"]["body"]["@odata.count"] > 3


def test_plain_text_answers_travel_as_base64(door):
    counted = step(1, "/applications/$count", headers={"ConsistencyLevel": "eventual"})
    answer = by_id(batch(door, counted))["1"]
    assert (answer["headers"]["Content-Type"], answer["body"]) == ("text/plain", "MQ==")


def test_each_request_is_authorized_by_itself(door):
    door.as_person("avery.apps", "User.Read")
    answers = by_id(batch(door, step(1), step(2, "/applications")))
    assert (answers["1"]["status"], answers["2"]["status"]) == (200, 403)


def test_unknown_paths_and_methods_are_the_requests_own(door):
    answers = by_id(batch(door, step(1, "/nothing"), step(2, "/me", "DELETE"), step(3, "/$batch")))
    assert [answers[one]["status"] for one in "123"] == [404, 405, 404]


def test_faults_strike_requests_inside(door):
    door.world.faults.set(
        "slow down", {"method": "GET", "path": "/v1.0/me", "nth": 2, "times": 1}, {"status": 429, "retry_after": 7}
    )
    answers = by_id(batch(door, step(1), step(2), step(3)))
    assert [answers[one]["status"] for one in "123"] == [200, 429, 200]
    assert answers["2"]["headers"]["Retry-After"] == "7"
    assert answers["2"]["body"]["error"]["code"] == "TooManyRequests"


def test_log_counts_requests_inside(door):
    batch(door, step(1), step(2, "/applications/1?$select=id"))
    entry = door.world.log.entries[-1]
    assert (entry.route, entry.status) == ("/v1.0/$batch", 200)
    assert [(one["path"], one["route"], one["status"]) for one in entry.subrequests] == [
        ("/v1.0/me", "/v1.0/me", 200),
        ("/v1.0/applications/1", "/v1.0/applications/{application-id}", 400),
    ]


def test_batch_itself_needs_a_token():
    assert batch(Door(), step(1)).status == 401
