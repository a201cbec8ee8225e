"""Azure Resource Manager: just what a client reads when it signs in."""

from tests.emulator.conftest import contoso


def get(emulator, path, token):
    return emulator.session.get(emulator.url + path, headers={"Authorization": f"Bearer {token}"})


def test_there_is_one_tenant_and_no_subscription(emulator):
    token = emulator.application_token(scope=f"{emulator.url}//.default").json()["access_token"]
    assert get(emulator, "/subscriptions?api-version=2022-12-01", token).json()["value"] == []
    (tenant,) = get(emulator, "/tenants?api-version=2022-12-01", token).json()["value"]
    assert (tenant["tenantId"], tenant["defaultDomain"]) == (contoso, "contoso.com")


def test_it_wants_a_token(emulator):
    answer = emulator.get("/subscriptions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_everything_else_is_absent(emulator):
    assert emulator.get("/subscriptions/some/resourceGroups").status_code == 404
