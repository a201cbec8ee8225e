"""Applications prove themselves with a certificate or with the token of an issuer that they trust."""

import uuid

import pytest
from cryptography.hazmat.primitives import hashes

from tests.emulator.assertions import KeyPair, bearer, issuing
from tests.emulator.conftest import contoso, daemon_app, fabrikam, running
from tests.emulator.test_login_policies import claims, refusal

noon = 1_795_176_000  # 2026-11-20T12:00:00Z, where the frozen clock of the tests stands
pair = KeyPair()
graph = "https://graph.microsoft.com/.default"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An emulator that trusts the authority of a running issuer."""
    with issuing(tmp_path_factory.mktemp("issuer")) as (issuer, authority):
        folder = tmp_path_factory.mktemp("trusting")
        with running(folder, "--trust-ca", str(authority)) as emulator:
            yield emulator, issuer


@pytest.fixture
def issuer(place):
    place[1].asked.clear()
    place[1].claimed = place[1].address
    return place[1]


@pytest.fixture
def trusting(place):
    """That emulator, fresh, with the daemon's certificate registered through Graph."""
    emulator = place[0]
    emulator.control("POST", "reset")
    emulator.control("POST", "clock", json={"freeze": "2026-11-20T12:00:00Z"})
    row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": pair.der, "displayName": "CN=tests"}
    assert graph_call(emulator, "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[row]) == 204
    return emulator


def graph_call(emulator, method, path, **body):
    token = emulator.application_token().json()["access_token"]
    bearer_header = {"Authorization": f"Bearer {token}"}
    return emulator.session.request(method, f"{emulator.url}/v1.0{path}", json=body, headers=bearer_header).status_code


def trust(emulator, by, **change):
    row = {"name": "tests", "issuer": by.address, "subject": "gangway", "audiences": ["api://AzureADTokenExchange"]}
    path = f"/applications(appId='{daemon_app}')/federatedIdentityCredentials"
    assert graph_call(emulator, "POST", path, **{**row, **change}) == 201


def signed(emulator, *, keys=pair, alg="PS256", header=None, **change):
    """An assertion of the daemon itself."""
    content = {
        "aud": f"{emulator.url}/{contoso}/oauth2/v2.0/token",
        "iss": daemon_app,
        "sub": daemon_app,
        "jti": str(uuid.uuid4()),
        "nbf": noon,
        "exp": noon + 600,
        **change,
    }
    return keys.sign(content, alg=alg, **(header or {"x5t#S256": keys.thumbprint(hashes.SHA256())}))


def present(emulator, assertion, **change):
    form = {
        "client_id": daemon_app,
        "scope": graph,
        "client_assertion_type": bearer,
        "client_assertion": assertion,
        "grant_type": "client_credentials",
        **change,
    }
    return emulator.post(f"/{contoso}/oauth2/v2.0/token", **form)


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
@pytest.mark.parametrize(
    "header",
    [
        {"x5t#S256": pair.thumbprint(hashes.SHA256())},
        {"x5t": pair.thumbprint(hashes.SHA1())},  # noqa: S303 x5t is SHA-1
        {"kid": pair.certificate.fingerprint(hashes.SHA1()).hex().upper()},  # noqa: S303 as older clients do
    ],
)
def test_certificate_proves_the_application(trusting, alg, header):
    answer = present(trusting, signed(trusting, alg=alg, header=header))
    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["access_token"])["appidacr"] == "2"


@pytest.mark.parametrize(
    "audience",
    [
        "{url}/{contoso}/oauth2/v2.0/token",
        "{url}/{contoso}/oauth2/token",
        "{url}/contoso.com/oauth2/v2.0/token",
        "{url}/{contoso}/v2.0",
        "https://login.microsoftonline.com/{contoso}/oauth2/v2.0/token",
    ],
)
def test_audience_is_the_token_endpoint_by_any_of_its_names(trusting, audience):
    aud = audience.format(url=trusting.url, contoso=contoso)
    assert present(trusting, signed(trusting, aud=aud)).status_code == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"keys": KeyPair()}, 700027),
        ({"header": {"kid": "nonsense"}}, 700027),
        ({"aud": "https://evil.example/oauth2/v2.0/token"}, 700023),
        ({"aud": f"https://login.microsoftonline.com/{fabrikam}/oauth2/v2.0/token"}, 700023),
        ({"sub": "somebody else"}, 700021),
        ({"exp": noon - 301}, 700024),
        ({"nbf": noon + 301, "exp": noon + 900}, 700024),
    ],
)
def test_wrong_assertions_are_refused(trusting, change, expected):
    assert refusal(present(trusting, signed(trusting, **change))) == (401, "invalid_client", expected)


def test_forged_signature_is_refused(trusting):
    text = signed(trusting, keys=KeyPair(), header={"x5t#S256": pair.thumbprint(hashes.SHA256())})
    assert refusal(present(trusting, text)) == (401, "invalid_client", 700027)


def test_what_is_no_jwt_is_refused(trusting):
    assert refusal(present(trusting, "nonsense"))[2] == 50027
    assert refusal(present(trusting, signed(trusting), client_assertion_type="saml"))[2] == 900144


def test_assertion_ends_and_certificates_end(trusting):
    text = signed(trusting)
    trusting.advance(901)
    assert refusal(present(trusting, text))[2] == 700024
    old = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": pair.der, "endDateTime": "2026-11-20T12:15:00Z"}
    assert graph_call(trusting, "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[old]) == 204
    ended = refusal(present(trusting, signed(trusting, exp=noon + 1800)))
    assert ended == (401, "invalid_client", 700027)
    early = {**old, "startDateTime": "2026-11-20T12:30:00Z", "endDateTime": "2026-11-20T13:00:00Z"}
    assert graph_call(trusting, "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[early]) == 204
    assert refusal(present(trusting, signed(trusting, exp=noon + 1800)))[2] == 700027


def test_used_assertion_is_good_again_unless_a_policy_says_no(trusting):
    text = signed(trusting)
    assert [present(trusting, text).status_code for _ in range(2)] == [200, 200]
    trusting.control("PATCH", f"tenants/{contoso}/policies", json={"refuseUsedAssertions": True})
    assert [present(trusting, text).status_code for _ in range(2)] == [200, 401]


def test_certificate_of_a_seed(trusting):
    daemon = {"name": "d", "displayName": "D", "appId": daemon_app, "certificate": pair.der}
    tenant = {"id": contoso, "displayName": "C", "domains": ["contoso.com"], "applications": [daemon]}
    trusting.control("POST", "seed", json={"seed": "c", "tenants": [tenant]})
    trusting.control("POST", "clock", json={"freeze": "2026-11-20T12:00:00Z"})
    assert present(trusting, signed(trusting)).status_code == 200


def test_federated_credential_proves_the_application(trusting, issuer):
    trusting.control("POST", "clock", json={"reset": True})
    trust(trusting, issuer)
    answer = present(trusting, issuer.token())
    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["access_token"])["appidacr"] == "2"
    assert present(trusting, issuer.token()).status_code == 200
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_issuer_that_nobody_trusts_is_not_asked(trusting, issuer):
    trusting.control("POST", "clock", json={"reset": True})
    assert refusal(present(trusting, issuer.token())) == (400, "invalid_request", 70021)
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("credential", "token", "expected"),
    [
        ({"issuer": "https://elsewhere.example"}, {}, 700211),
        ({}, {"sub": "Gangway"}, 700213),
        ({}, {"aud": "api://other"}, 700212),
        ({}, {"exp": 1}, 700024),
    ],
)
def test_federated_credential_must_match_letter_by_letter(trusting, issuer, credential, token, expected):
    trusting.control("POST", "clock", json={"reset": True})
    trust(trusting, issuer, **credential)
    assert refusal(present(trusting, issuer.token(**token))) == (401, "invalid_client", expected)


def test_forged_token_of_a_trusted_issuer(trusting, issuer):
    trusting.control("POST", "clock", json={"reset": True})
    trust(trusting, issuer)
    real, issuer.keys = issuer.keys, KeyPair()
    forged, issuer.keys = issuer.token(), real
    assert refusal(present(trusting, forged)) == (401, "invalid_client", 700027)


def test_issuer_whose_configuration_names_another(trusting, issuer):
    trusting.control("POST", "clock", json={"reset": True})
    trust(trusting, issuer)
    issuer.claimed = "https://elsewhere.example"
    assert refusal(present(trusting, issuer.token())) == (400, "invalid_request", 50166)


def test_issuer_behind_an_unknown_authority(emulator, tmp_path):
    with issuing(tmp_path) as (issuer, _):
        trust(emulator, issuer)
        assert refusal(present(emulator, issuer.token())) == (400, "invalid_request", 50166)


def own_token(emulator, **form):
    """A token of this cloud for the exchange, and who it is."""
    answer = emulator.application_token(scope="api://AzureADTokenExchange/.default", **form)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def test_fresh_certificate_is_unknown_for_a_while(emulator):
    fault = {"match": {"kind": "keyCredential"}, "effect": {"tokens_after_seconds": 60}}
    emulator.control("PUT", "faults/slow-certificates", json=fault)
    row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": pair.der, "displayName": "CN=tests"}
    assert graph_call(emulator, "PATCH", f"/applications(appId='{daemon_app}')", keyCredentials=[row]) == 204
    assert refusal(present(emulator, signed(emulator)))[2] == 700027
    emulator.advance(61)
    assert present(emulator, signed(emulator)).status_code == 200


def test_fresh_federated_credential_is_unknown_for_a_while(trusting, issuer):
    fault = {"match": {"kind": "federatedIdentityCredential"}, "effect": {"tokens_after_seconds": 60}}
    trusting.control("PUT", "faults/slow-trust", json=fault)
    trust(trusting, issuer)
    token = issuer.token(exp=noon + 600)
    assert refusal(present(trusting, token))[2] == 70021
    trusting.advance(61)
    assert present(trusting, token).status_code == 200


def test_token_of_the_cloud_itself(trusting):
    token = own_token(trusting)
    path = f"/applications(appId='{daemon_app}')/federatedIdentityCredentials"
    row = {
        "name": "own",
        "issuer": f"https://login.microsoftonline.com/{contoso}/v2.0",
        "subject": claims(token)["sub"],
        "audiences": ["api://AzureADTokenExchange"],
    }
    assert graph_call(trusting, "POST", path, **row) == 201
    assert present(trusting, token).status_code == 200


def test_token_of_a_person_is_no_federated_credential(trusting):
    flow = trusting.device_code()
    trusting.grant(flow)
    token = trusting.poll(flow).json()["access_token"]
    found = claims(token)
    row = {"name": "own", "issuer": found["iss"], "subject": found["sub"], "audiences": [found["aud"]]}
    path = f"/applications(appId='{daemon_app}')/federatedIdentityCredentials"
    assert graph_call(trusting, "POST", path, **row) == 201
    assert refusal(present(trusting, token)) == (401, "invalid_client", 700229)
