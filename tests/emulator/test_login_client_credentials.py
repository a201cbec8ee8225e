"""The application signs in as itself."""

import base64
import json

import pytest

from tests.emulator.conftest import contoso, daemon_app, daemon_secret, fabrikam, sign_in_app


def claims(answer):
    part = answer.json()["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def refusal(answer):
    return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]


def test_token_carries_application_permissions(emulator):
    found = claims(emulator.application_token())
    assert found["roles"] == ["Application.ReadWrite.All", "Organization.Read.All"]
    assert (found["tid"], found["appid"], found["idtyp"], found["appidacr"]) == (contoso, daemon_app, "app", "1")
    assert (found["iss"], found["ver"]) == (f"https://sts.windows.net/{contoso}/", "1.0")
    assert found["exp"] - found["nbf"] == 3599 + 300


def test_secret_may_come_in_a_basic_header(emulator):
    answer = emulator.session.post(
        f"{emulator.url}/contoso.com/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"},
        auth=(daemon_app, daemon_secret),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "scope",
    [
        "https://graph.microsoft.com/.default",
        "https://graph.microsoft.com//.default",
        "{url}/.default",
        "{url}//.default",
        "https://localhost/.default",
        "https://localhost//.default",
        "https://127.0.0.1/.default",
        "https://127.0.0.1:1/.default",
        "http://localhost/.default",
        "https://Graph.Microsoft.com/.default",
    ],
)
def test_every_spelling_of_graph_is_graph(emulator, scope):
    found = claims(emulator.application_token(scope=scope.format(url=emulator.url)))
    assert found["aud"] == "https://graph.microsoft.com"


def test_graph_named_by_its_application_id_is_the_audience(emulator):
    graph_id = "00000003-0000-0000-c000-000000000000"
    answer = emulator.application_token(scope=f"{graph_id}/.default")
    assert claims(answer)["aud"] == graph_id
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert emulator.get("/v1.0/organization", headers=bearer).status_code == 200


def test_teams_token_has_its_own_audience_and_no_roles(emulator):
    teams = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
    found = claims(emulator.application_token(scope=f"{teams}/.default"))
    assert found["aud"] == teams
    assert "roles" not in found
    assert found["wids"]


def test_version_one_endpoint_takes_a_resource(emulator):
    answer = emulator.post(
        f"/{contoso}/oauth2/token", grant_type="client_credentials", client_id=daemon_app, client_secret=daemon_secret,
        resource="https://graph.microsoft.com",
    )  # fmt: skip
    assert claims(answer)["aud"] == "https://graph.microsoft.com"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_id": "00000000-1111-4222-8333-444444444444"}, (400, "unauthorized_client", 700016)),
        ({"client_id": ""}, (400, "invalid_request", 900144)),
        ({"scope": ""}, (400, "invalid_request", 900144)),
        ({"scope": "https://graph.microsoft.com/User.Read"}, (400, "invalid_scope", 70011)),
        ({"scope": "https://nobody.example/.default"}, (400, "invalid_resource", 500011)),
        ({"grant_type": "telepathy"}, (400, "unsupported_grant_type", 70003)),
    ],
)
def test_refusals_have_entras_numbers(emulator, change, expected):
    form = {"client_id": daemon_app, "client_secret": daemon_secret, "grant_type": "client_credentials"}
    form = {**form, "scope": "https://graph.microsoft.com/.default", **change}
    assert refusal(emulator.post(f"/{contoso}/oauth2/v2.0/token", **form)) == expected


def test_shared_segment_names_no_tenant(emulator):
    form = {"client_id": daemon_app, "client_secret": daemon_secret, "scope": "https://graph.microsoft.com/.default"}
    answer = emulator.post("/organizations/oauth2/v2.0/token", grant_type="client_credentials", **form)
    assert refusal(answer) == (400, "invalid_request", 50059)


def test_single_tenant_application_is_unknown_elsewhere(emulator):
    form = {"client_id": daemon_app, "client_secret": daemon_secret, "scope": "https://graph.microsoft.com/.default"}
    answer = emulator.post(f"/{fabrikam}/oauth2/v2.0/token", grant_type="client_credentials", **form)
    assert refusal(answer) == (400, "unauthorized_client", 700016)


def test_application_without_service_principal_in_the_tenant(emulator):
    form = {"client_id": sign_in_app, "client_secret": "x", "scope": "https://graph.microsoft.com/.default"}
    answer = emulator.post(f"/{fabrikam}/oauth2/v2.0/token", grant_type="client_credentials", **form)
    assert refusal(answer) == (401, "invalid_client", 7000229)


def test_expired_secret(emulator):
    emulator.advance(101 * 365 * 86_400)
    assert refusal(emulator.application_token()) == (401, "invalid_client", 7000222)


def test_token_runs_out(emulator):
    token = emulator.application_token().json()["access_token"]
    emulator.advance(3600)
    answer = emulator.get("/v1.0/organization", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Bearer a.b.c", "Basic eA=="])
def test_graph_wants_a_token_of_this_cloud(emulator, authorization):
    answer = emulator.get("/v1.0/organization", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_token_for_teams_is_not_for_graph(emulator):
    token = emulator.application_token(scope="48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default").json()["access_token"]
    answer = emulator.get("/v1.0/organization", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
