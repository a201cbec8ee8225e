"""What clients read before they sign in."""

import base64
import json

import pytest

from tests.emulator.conftest import contoso


@pytest.mark.parametrize("segment", [contoso, contoso.upper(), "contoso.com", "CONTOSO.onmicrosoft.com"])
def test_tenant_by_id_or_verified_domain_gives_its_id(emulator, segment):
    found = emulator.get(f"/{segment}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{emulator.url}/{contoso}/v2.0"
    assert found["token_endpoint"] == f"{emulator.url}/{contoso}/oauth2/v2.0/token"
    assert found["device_authorization_endpoint"] == f"{emulator.url}/{contoso}/oauth2/v2.0/devicecode"


@pytest.mark.parametrize("segment", ["common", "organizations"])
def test_shared_segment_keeps_the_issuer_open(emulator, segment):
    found = emulator.get(f"/{segment}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{emulator.url}/{{tenantid}}/v2.0"
    assert found["jwks_uri"] == f"{emulator.url}/{segment}/discovery/v2.0/keys"


@pytest.mark.parametrize("version", ["/v2.0", ""])
def test_client_that_names_itself_is_led_to_keys_under_its_name(emulator, version):
    found = emulator.get(f"/{contoso}{version}/.well-known/openid-configuration?appid=some-app").json()
    assert found["jwks_uri"].endswith("/keys?appid=some-app")
    assert emulator.session.get(found["jwks_uri"]).json()["keys"]


def test_version_one_document_names_the_old_issuer(emulator):
    found = emulator.get("/contoso.com/.well-known/openid-configuration").json()
    assert found["issuer"] == f"https://sts.windows.net/{contoso}/"


@pytest.mark.parametrize(
    ("segment", "number"),
    [("nowhere.example", 90002), ("11111111-1111-4111-8111-111111111111", 90002), ("a b", 900023)],
)
def test_unknown_tenant_is_refused_with_entras_number(emulator, segment, number):
    answer = emulator.get(f"/{segment}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [number])
    assert answer.json()["error"] == "invalid_tenant"


def test_every_advertised_endpoint_exists(emulator):
    found = emulator.get("/organizations/v2.0/.well-known/openid-configuration").json()
    addresses = [value for key, value in found.items() if key.endswith(("endpoint", "jwks_uri"))]
    paths = [value.removeprefix(emulator.url) for value in addresses]
    assert {path: emulator.get(path).status_code == 404 for path in paths} == dict.fromkeys(paths, False)


def test_signing_keys_carry_what_entra_publishes(emulator):
    keys = emulator.get("/common/discovery/v2.0/keys").json()["keys"]
    assert {"kty", "use", "kid", "x5t", "n", "e", "x5c", "issuer"} <= set(keys[0])
    emulator.control("POST", "keys/rotate")
    rotated = emulator.get("/common/discovery/v2.0/keys").json()["keys"]
    assert [key["kid"] for key in rotated[1:]] == [keys[0]["kid"]]


def test_instance_discovery_names_the_emulator_itself(emulator):
    found = emulator.get("/common/discovery/instance?api-version=1.1").json()
    assert found["metadata"][0]["aliases"] == [emulator.url.removeprefix("https://")]


def test_realm_of_an_account_follows_its_domain(emulator):
    assert emulator.get("/common/userrealm/x@contoso.com?api-version=1.0").json()["account_type"] == "Managed"
    assert emulator.get("/common/userrealm/x@nowhere.example").json()["account_type"] == "Unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/contoso.com/saml2",
        "/contoso.com/oauth2/v2.0/userinfo",
        "/contoso.com/federationmetadata/2007-06/federationmetadata.xml",
        "/nothing",
    ],
)
def test_unknown_path_is_404(emulator, path):
    assert emulator.get(path).status_code == 404


def test_rotation_publishes_another_key_and_signs_with_it(emulator):
    before = {key["kid"] for key in emulator.get("/organizations/discovery/v2.0/keys").json()["keys"]}
    old = emulator.application_token().json()["access_token"]
    emulator.control("POST", "keys/rotate")
    after = {key["kid"] for key in emulator.get("/organizations/discovery/v2.0/keys").json()["keys"]}
    new = emulator.application_token().json()["access_token"]
    assert (len(after - before), kid(new) in after - before, kid(old) in before) == (1, True, True)
    for token in (old, new):
        answer = emulator.get("/v1.0/organization", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def kid(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def test_error_page_explains_the_number(emulator):
    page = emulator.browser().open(f"{emulator.url}/error?code=70016")
    assert "AuthorizationPending" in page.text
    assert emulator.get("/error?code=1").status_code == 404


def test_tenants_document_says_its_region(emulator):
    for segment, region in (("contoso.com", "NA"), ("common", None)):
        for version in ("/v2.0", ""):
            found = emulator.get(f"/{segment}{version}/.well-known/openid-configuration").json()
            assert found["tenant_region_scope"] == region
