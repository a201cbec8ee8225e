"""Microsoft's own clients: every tenant accepts them, whatever its seed says."""

import pytest

from m365_emulator import data
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, consent, scopes
from tests.emulator.token_door import TokenDoor, sent_back

graph_tools = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
azure_cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
azure_powershell = "1950a258-227b-4e31-a9cf-717495945fc2"
teams_powershell = "12128f48-ec9e-42f0-b203-ea49fb6af367"
loopback = "http://localhost:51234"
graph = "https://graph.microsoft.com"


@pytest.fixture
def door():
    return TokenDoor()


@pytest.mark.parametrize("app_id", [graph_tools, azure_cli, azure_powershell, teams_powershell])
def test_every_tenant_knows_microsofts_clients(door, app_id):
    scope = f"openid profile {graph}/Group.ReadWrite.All"
    for segment in ("organizations", "contoso.com", "fabrikam.com"):
        started = door.ask("POST", f"/{segment}/oauth2/v2.0/devicecode", client_id=app_id, scope=scope)
        assert started.status == 200, started.body
        asked = {"client_id": app_id, "response_type": "code", "redirect_uri": loopback, "scope": scope}
        assert door.ask("GET", f"/{segment}/oauth2/v2.0/authorize", **asked).status == 303


def test_graph_command_line_tools_need_consent_and_belong_to_microsoft(door):
    scope = f"openid offline_access {graph}/User.Read"
    refused = door.tokens(graph_tools, scope=scope, back=loopback)
    assert refused.body["error_codes"] == [65001]
    door.consent(graph_tools, data.graph_app_id, "User.Read", "openid")
    answer = door.tokens(graph_tools, scope=scope, back=loopback).body
    assert set(answer["scope"].split()) == {f"{graph}/User.Read", "openid"}
    assert "foci" not in answer
    assert door.tenant.principal(graph_tools).body["appOwnerOrganizationId"] == data.microsoft_services_tenant


def test_azure_cli_is_trusted_by_graph_and_azure_without_consent(door):
    answer = door.tokens(azure_cli, scope=f"openid {graph}/.default", back=loopback)
    assert f"{graph}/Directory.AccessAsUser.All" in answer.body["scope"].split()
    door.token = answer.body["access_token"]
    assert door.get("/me").status == 200
    azure = door.tokens(azure_cli, scope="https://management.core.windows.net//.default", back=loopback)
    door.token = azure.body["access_token"]
    assert door.ask("GET", "/tenants").body["value"][0]["tenantId"] == door.tenant.id


def test_refresh_tokens_of_one_family_serve_all_of_its_clients(door):
    answer = door.tokens(azure_cli, scope=f"offline_access {graph}/.default", back=loopback).body
    assert answer["foci"] == "1"

    def renew(app_id):
        return door.redeem("refresh_token", client_id=app_id, refresh_token=answer["refresh_token"])

    assert renew(azure_powershell).status == 200
    assert renew(graph_tools).body["error_codes"] == [70000]


def test_client_that_the_api_trusts_needs_no_consent(door):
    scope_id, own = "11111111-0000-4000-8000-000000000001", door.register(publicClient={"redirectUris": [loopback]})
    door.register(
        "API",
        identifierUris=["api://trusting"],
        api={
            "oauth2PermissionScopes": [{"id": scope_id, "value": "use", "type": "User", "isEnabled": True}],
            "preAuthorizedApplications": [{"appId": own.body["appId"], "delegatedPermissionIds": [scope_id]}],
        },
    )
    assert (
        door.tokens(own.body["appId"], scope="api://trusting/use", back=loopback).body["scope"] == "api://trusting/use"
    )


def own_api(door, *trusted):
    """An API of the customer's own, which trusts these clients."""
    scope_id = "11111111-0000-4000-8000-000000000001"
    return door.register(
        "API",
        identifierUris=["api://customers"],
        api={
            "oauth2PermissionScopes": [{"id": scope_id, "value": "use", "type": "User", "isEnabled": True}],
            "preAuthorizedApplications": [{"appId": one, "delegatedPermissionIds": [scope_id]} for one in trusted],
        },
    )


@pytest.mark.parametrize("segment", ["organizations", "contoso.com"])
def test_microsofts_clients_may_ask_for_a_customers_api(door, segment):
    own_api(door, azure_cli)
    asked = {"client_id": azure_cli, "scope": "api://customers/use"}
    assert door.ask("POST", f"/{segment}/oauth2/v2.0/devicecode", **asked).status == 200
    begun = door.ask("GET", f"/{segment}/oauth2/v2.0/authorize", response_type="code", redirect_uri=loopback, **asked)
    assert "error" not in sent_back(begun)
    assert door.tokens(azure_cli, scope="api://customers/.default", back=loopback).body["scope"].startswith("api://")


def test_permission_of_a_customers_api_is_looked_for_once_its_tenant_is_known(door):
    own_api(door)
    asked = scopes.parse_all(door.world, "api://customers/nothing")
    client = clients.find(door.world, azure_cli, None)
    with pytest.raises(EntraError, match="AADSTS70011"):
        consent.missing(door.world, door.tenant, door.user("grace.global"), client, asked)


def test_clients_id_that_a_seed_gives_to_its_own_application_is_not_trusted(door):
    own = door.register(publicClient={"redirectUris": [loopback]})
    own.body["appId"] = azure_cli
    refused = door.tokens(azure_cli, scope=f"offline_access {graph}/User.Read", back=loopback)
    assert refused.body["error_codes"] == [65001]
    door.consent(azure_cli, data.graph_app_id, "User.Read")
    assert "foci" not in door.tokens(azure_cli, scope=f"offline_access {graph}/User.Read", back=loopback).body
