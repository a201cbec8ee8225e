"""Secrets and certificates of a service principal prove its application in that tenant."""

import pytest
from cryptography.hazmat.primitives import hashes

from tests.emulator.assertions import KeyPair, bearer
from tests.emulator.graph_door import all_scopes
from tests.emulator.token_door import TokenDoor

graph = "https://graph.microsoft.com/.default"
pair = KeyPair()
row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": pair.der, "displayName": "CN=tests"}


@pytest.fixture
def door():
    return TokenDoor().as_person("grace.global", *all_scopes)


def signed_in(door, app_id, *, tenant="contoso.com", **proof):
    return door.redeem("client_credentials", tenant=tenant, client_id=app_id, scope=graph, **proof)


def test_secret_of_a_service_principal_proves_it_in_its_tenant(door):
    app_id = door.register().body["appId"]
    secret = door.post(f"/servicePrincipals(appId='{app_id}')/addPassword", {"passwordCredential": {}}).body
    assert signed_in(door, app_id, client_secret=secret["secretText"]).status == 200
    wrong = signed_in(door, app_id, client_secret="wrong")
    assert wrong.body["error_codes"] == [7000215]
    door.world.clock.advance(3 * 366 * 86_400)
    assert signed_in(door, app_id, client_secret=secret["secretText"]).body["error_codes"] == [7000222]


def test_secret_is_none_before_its_time(door):
    app_id = door.register().body["appId"]
    given = {"passwordCredential": {"startDateTime": "2026-11-20T12:30:00Z"}}
    secret = door.post(f"/applications(appId='{app_id}')/addPassword", given).body["secretText"]
    assert signed_in(door, app_id, client_secret=secret).body["error_codes"] == [7000215]
    door.world.clock.advance(1800)
    assert signed_in(door, app_id, client_secret=secret).status == 200


def test_certificate_of_a_service_principal_proves_it_and_stays_out_of_sight(door):
    app_id = door.register().body["appId"]
    principal = f"/servicePrincipals/{door.tenant.principal(app_id).id}"
    assert door.patch(principal, {"keyCredentials": [row]}).status == 204
    assert [one["key"] for one in door.get(principal).body["keyCredentials"]] == [None]
    proof = pair.sign(
        {
            "aud": f"{door.world.settings.origin}/contoso.com/oauth2/v2.0/token",
            "iss": app_id,
            "sub": app_id,
            "jti": "1",
            "nbf": door.world.clock.seconds(),
            "exp": door.world.clock.seconds() + 300,
        },
        **{"x5t#S256": pair.thumbprint(hashes.SHA256())},
    )
    assert signed_in(door, app_id, client_assertion=proof, client_assertion_type=bearer).status == 200


def test_service_principal_rolls_its_keys_with_a_proof(door):
    app_id = door.register().body["appId"]
    principal = door.tenant.principal(app_id)
    place = f"/servicePrincipals/{principal.id}"
    door.patch(place, {"keyCredentials": [row]})
    now = door.world.clock.seconds()
    said = {"aud": "00000002-0000-0000-c000-000000000000", "iss": principal.id, "nbf": now, "exp": now + 300}
    proof = pair.sign(said)
    body = {"keyCredential": {"type": "AsymmetricX509Cert", "usage": "Verify", "key": KeyPair().der}, "proof": proof}
    made = door.post(f"/servicePrincipals(appId='{app_id}')/addKey", {**body, "passwordCredential": None})
    assert made.status == 200, made.body
    assert door.post(f"{place}/addKey", {**body, "proof": "nonsense"}).status == 401
    assert door.post(f"{place}/removeKey", {"keyId": made.body["keyId"], "proof": proof}).status == 204
    assert len(door.get(place).body["keyCredentials"]) == 1
