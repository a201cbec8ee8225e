"""schemathesis judges every operation of Graph by Microsoft's OpenAPI description: no 5xx, answers as described."""

import pytest

from tests.emulator import graph_contract
from tests.emulator.conftest import contoso, grace, running
from tests.emulator.graph_door import all_scopes
from tests.emulator.test_judges_clients import Judge

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    with running(tmp_path_factory.mktemp("openapi"), "--device-interval", "0") as emulator:
        yield emulator


def judged(emulator, *only, faults=()):
    """What the judge says, asking as an administrator with every permission; some objects are known to exist."""
    emulator.control("POST", "reset")
    flow = emulator.device_code(" ".join(all_scopes))
    emulator.grant(flow)
    token = emulator.poll(flow).json()["access_token"]
    session, headers = emulator.session, {"Authorization": f"Bearer {token}"}
    made = {"displayName": "judged", "uniqueName": "judged"}
    application = session.post(f"{emulator.url}/v1.0/applications", json=made, headers=headers).json()
    body = {"appId": application["appId"]}
    principal = session.post(f"{emulator.url}/v1.0/servicePrincipals", json=body, headers=headers).json()
    known = {
        "application-id": application["id"],
        "appId": application["appId"],
        "uniqueName": "judged",
        "servicePrincipal-id": principal["id"],
        "user-id": grace[0],
        "organization-id": contoso,
        "domain-id": "contoso.com",
        "domainName": "fabrikam.com",
        "tenantId": contoso,
    }
    for number, fault in enumerate(faults):
        emulator.control("PUT", f"faults/{number}", json=fault)
    with Judge("openapi.py", emulator) as judge:
        judge.hear({"token": token, "known": known, "only": only, "description": str(graph_contract.copy)})
        return judge.says()


def test_every_operation_answers_as_microsoft_describes(court):
    found = judged(court)
    assert (found["problems"], found["late"]) == ({}, [])
    assert found["requests"] > 1000
    assert found["statuses"]["200"] > 100


def test_judge_sees_what_is_wrong(court):
    """A fault makes an answer that nobody describes; the judge says so."""
    odd = {"match": {"path": "/v1.0/domains"}, "effect": {"status": 200, "body": {"value": "not a list"}}}
    broken = {"match": {"path": "/v1.0/subscribedSkus"}, "effect": {"status": 500}}
    found = judged(court, "GET /domains", "GET /subscribedSkus", "GET /organization", faults=(odd, broken))
    assert set(found["problems"]) == {"GET /domains", "GET /subscribedSkus"}
