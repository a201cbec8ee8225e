"""Lag, lost answers and patience as a client of Graph meets them."""

import json
import time

import pytest
import requests

from tests.emulator.conftest import contoso

graph = "https://graph.microsoft.com/.default"


class Client:
    """The seeded daemon at Graph."""

    def __init__(self, emulator):
        self.emulator, self.session = emulator, emulator.session
        token = emulator.application_token().json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, body=None):
        return self.session.request(method, f"{self.emulator.url}/v1.0{path}", json=body)

    def application(self):
        """A new application with its service principal."""
        made = self.call("POST", "/applications", {"displayName": "made in trouble"}).json()
        principal = self.call("POST", "/servicePrincipals", {"appId": made["appId"]})
        assert principal.status_code == 201, principal.text
        return made, principal.json()


@pytest.fixture
def client(emulator):
    return Client(emulator)


def sign_in(emulator, application, secret):
    form = {"client_id": application["appId"], "client_secret": secret, "scope": graph}
    return emulator.post(f"/{contoso}/oauth2/v2.0/token", grant_type="client_credentials", **form)


def test_new_secret_works_only_after_its_time(emulator, client):
    fault = {"match": {"kind": "passwordCredential"}, "effect": {"usable_after_seconds": 20}}
    emulator.control("PUT", "faults/slow-secrets", json=fault)
    application, _ = client.application()
    made = client.call("POST", f"/applications/{application['id']}/addPassword", {}).json()
    assert sign_in(emulator, application, made["secretText"]).json()["error_codes"] == [7000215]
    emulator.advance(20)
    assert sign_in(emulator, application, made["secretText"]).status_code == 200


def test_new_application_is_unknown_at_sign_in_for_a_while(emulator, client):
    fault = {"match": {"kind": "servicePrincipal"}, "effect": {"tokens_after_seconds": 20}}
    emulator.control("PUT", "faults/slow-principals", json=fault)
    application, _ = client.application()
    assert sign_in(emulator, application, "x").json()["error_codes"] == [7000229]
    emulator.advance(20)
    assert sign_in(emulator, application, "x").json()["error_codes"] == [7000215]


def test_new_application_is_hidden_from_as_many_reads_as_asked(emulator, client):
    emulator.control("PUT", "faults/lag", json={"match": {"kind": "application"}, "effect": {"lag_reads": 2}})
    made = client.call("POST", "/applications", {"displayName": "hidden at first"}).json()
    seen = [client.call("GET", f"/applications/{made['id']}").status_code for _ in range(4)]
    assert seen == [404, 404, 200, 200]


def test_new_application_is_hidden_for_as_long_as_asked(emulator, client):
    emulator.control("PUT", "faults/lag", json={"match": {"kind": "application"}, "effect": {"lag_seconds": 9}})
    made = client.call("POST", "/applications", {"displayName": "hidden at first"}).json()
    assert client.call("GET", f"/applications/{made['id']}").status_code == 404
    emulator.advance(9)
    assert client.call("GET", f"/applications/{made['id']}").status_code == 200


def test_write_happened_although_its_answer_was_lost(emulator, client):
    lost = {"match": {"method": "POST", "path": "/v1.0/applications", "times": 1}, "effect": {"cut": "after"}}
    emulator.control("PUT", "faults/lost", json=lost)
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "/applications", {"displayName": "written, not heard"})
    found = client.call("GET", "/applications?$filter=displayName eq 'written, not heard'").json()["value"]
    assert len(found) == 1


def held(emulator):
    """Hold the next application that is made for a moment."""
    fault = {"match": {"method": "POST", "path": "/v1.0/applications", "times": 1}, "effect": {"delay_ms": 150}}
    emulator.control("PUT", "faults/held", json=fault)


def test_a_request_that_is_held_is_done_although_its_client_hangs_up(emulator, client):
    held(emulator)
    with pytest.raises(requests.ReadTimeout):
        client.session.post(f"{emulator.url}/v1.0/applications", json={"displayName": "held"}, timeout=(10, 0.05))
    while (last := emulator.control("GET", "log?plane=graph")["requests"][-1])["ended"] is None:
        time.sleep(0.02)
    found = client.call("GET", "/applications?$filter=displayName eq 'held'").json()["value"]
    assert (last["fault"], last["status"], len(found)) == ("held", 201, 1)


def test_a_held_request_that_is_larger_than_what_is_read_ahead_arrives_whole(emulator, client):
    held(emulator)
    body = json.dumps({"displayName": "large"}) + " " * 5_000_000
    answer = client.session.post(
        f"{emulator.url}/v1.0/applications", body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["displayName"]) == (201, "large")


def test_one_request_of_a_batch_is_asked_for_patience(emulator, client):
    busy = {"match": {"path": "/v1.0/organization"}, "effect": {"status": 429, "retry_after": 4}}
    emulator.control("PUT", "faults/busy", json=busy)
    steps = [{"id": "1", "method": "GET", "url": "/organization"}, {"id": "2", "method": "GET", "url": "/applications"}]
    answers = {row["id"]: row for row in client.call("POST", "/$batch", {"requests": steps}).json()["responses"]}
    assert (answers["1"]["status"], answers["2"]["status"]) == (429, 200)
    assert answers["1"]["headers"]["Retry-After"] == "4"
    summary = emulator.control("GET", "log/summary?plane=graph")
    assert {"requests": 1, "subrequests": 2, "sequential_round_trips": 1}.items() <= summary.items()
