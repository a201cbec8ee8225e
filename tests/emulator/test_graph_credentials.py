"""Certificates, federated credentials, and the policies that forbid or shorten credentials."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from m365_emulator import durations
from tests.emulator.graph_door import Door, contoso

_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
_issuer = {"issuer": "https://gangway.example", "subject": "service-1", "audiences": ["api://AzureADTokenExchange"]}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def made(door):
    return door.post("/applications", {"displayName": "Voice"}).body


def certificate(*, key=_key, name="voice", days=365, starts=_noon):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(starts)
        .not_valid_after(starts + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    der = built.public_bytes(serialization.Encoding.DER)
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def proof(application, *, key=_key, **changed):
    now = int(_noon.timestamp())
    claims = {
        "aud": "00000002-0000-0000-c000-000000000000",
        "iss": application["id"],
        "nbf": now,
        "exp": now + 600,
        **changed,
    }
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims))
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def test_certificate_is_set_by_patch_and_its_key_stays_out_of_sight(door, made):
    assert door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate()]}).status == 204
    (row,) = door.get(f"/applications/{made['id']}").body["keyCredentials"]
    assert (row["key"], row["displayName"], row["endDateTime"]) == (None, "CN=voice", "2027-11-20T12:00:00Z")
    second = {"keyCredentials": [{"keyId": row["keyId"], "type": row["type"], "usage": row["usage"]}, certificate()]}
    assert door.patch(f"/applications/{made['id']}", second).status == 204
    both = door.get(f"/applications/{made['id']}").body["keyCredentials"]
    assert [len(both), both[0]["keyId"]] == [2, row["keyId"]]


def test_key_may_have_line_breaks_in_it(door, made):
    """azure-cli (``--create-cert``) sends the lines between the two of a PEM file as they are."""
    given = certificate()
    lines = base64.encodebytes(base64.b64decode(given["key"])).decode()
    assert "\n" in lines.strip()
    where = f"/applications/{made['id']}"
    assert door.patch(where, {"keyCredentials": [{**given, "key": lines}]}).status == 204
    (row,) = door.get(f"{where}?$select=keyCredentials").body["keyCredentials"]
    assert row["key"] == given["key"]


def test_application_is_made_with_its_certificate(door):
    body = {"displayName": "Voice", "keyCredentials": [certificate()]}
    assert door.post("/applications", body).body["keyCredentials"][0]["displayName"] == "CN=voice"


@pytest.mark.parametrize(
    "broken",
    [
        {"key": None},
        {"key": "%%%"},
        {"key": base64.b64encode(b"not a certificate").decode()},
        {"type": "Wax"},
        {"usage": "Sign"},
    ],
)
def test_broken_certificates_are_400(door, made, broken):
    body = {"keyCredentials": [{**certificate(), **broken}]}
    assert door.patch(f"/applications/{made['id']}", body).status == 400


@pytest.mark.parametrize("key", ["/{id}", "(appId='{appId}')"])
def test_key_is_added_and_removed_with_a_proof(door, made, key):
    where = "/applications" + key.format(**made)
    door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate()]})
    added = door.post(f"{where}/addKey", {"keyCredential": certificate(name="next"), "proof": proof(made)})
    assert (added.status, added.body["displayName"]) == (200, "CN=next")
    removal = {"keyId": added.body["keyId"], "proof": proof(made)}
    assert door.post(f"{where}/removeKey", removal).status == 204
    assert door.post(f"{where}/removeKey", removal).status == 400
    assert len(door.get(f"/applications/{made['id']}").body["keyCredentials"]) == 1


def test_an_application_rolls_its_own_keys_without_a_permission_and_nobody_elses(door, made):
    door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate()]})
    where, body = f"/applications/{made['id']}/addKey", {"keyCredential": certificate(name="next")}
    principal = door.post("/servicePrincipals", {"appId": made["appId"]}).body["id"]
    assert door.as_application(name="Stranger").post(where, {**body, "proof": proof(made)}).status == 403
    door.as_principal(principal)
    assert door.post(where, {**body, "proof": proof(made)}).status == 200
    assert door.post(where, {**body, "proof": proof(made, exp=1)}).status == 401
    assert door.get(f"/applications/{made['id']}").status == 403


@pytest.mark.parametrize("wrong", [{"iss": "somebody"}, {"aud": "https://graph.microsoft.com"}, {"exp": 1}])
def test_key_is_not_added_with_a_wrong_proof(door, made, wrong):
    door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate()]})
    body = {"keyCredential": certificate(), "proof": proof(made, **wrong)}
    reply = door.post(f"/applications/{made['id']}/addKey", body)
    assert (reply.status, reply.code) == (401, "Authentication_MissingOrMalformed")


def test_first_key_cannot_be_added_by_proof(door, made):
    body = {"keyCredential": certificate(), "proof": proof(made)}
    assert door.post(f"/applications/{made['id']}/addKey", body).status == 401


def test_federated_credential_is_upserted_by_name(door, made):
    where = f"/applications/{made['id']}/federatedIdentityCredentials"
    assert door.patch(f"{where}(name='gangway')", _issuer).status == 404
    first = door.patch(f"{where}(name='gangway')", _issuer, Prefer="create-if-missing")
    assert (first.status, first.body["name"]) == (201, "gangway")
    again = {**_issuer, "subject": "service-2"}
    assert door.patch(f"{where}(name='gangway')", again, Prefer="create-if-missing").status == 204
    assert door.get(f"{where}(name='gangway')").body["subject"] == "service-2"
    assert door.patch(f"{where}/{first.body['id']}", {"description": "ours"}).status == 204
    assert door.get(f"{where}/{first.body['id']}").body["description"] == "ours"
    assert door.patch(f"{where}/{first.body['id']}", {"name": "other"}).status == 400
    assert door.delete(f"{where}(name='gangway')").status == 204
    assert door.get(f"{where}(name='gangway')").status == 404


@pytest.mark.parametrize(
    ("issuer", "status"),
    [("https://a.example", 201), ("http://localhost:8000", 201), ("http://a.example", 400), ("ftp://localhost", 400)],
)
def test_an_issuer_is_asked_over_tls_or_on_this_machine(door, made, issuer, status):
    where = f"/applications/{made['id']}/federatedIdentityCredentials"
    assert door.post(where, {**_issuer, "name": "one", "issuer": issuer}).status == status


def test_twenty_federated_credentials_are_the_most(door, made):
    where = f"/applications/{made['id']}/federatedIdentityCredentials"
    for number in range(20):
        assert door.post(where, {**_issuer, "name": f"one-{number}", "subject": f"s-{number}"}).status == 201
    assert door.post(where, {**_issuer, "name": "one-more", "subject": "s-more"}).status == 400


def restrict(door, *rows, group="passwordCredentials", **more):
    body = {"isEnabled": True, "applicationRestrictions": {group: list(rows)}, **more}
    assert door.patch("/policies/defaultAppManagementPolicy", body).status == 204


def test_tenant_forbids_secrets(door, made):
    restrict(door, {"restrictionType": "passwordAddition", "state": "enabled"})
    reply = door.post(f"/applications/{made['id']}/addPassword", {})
    assert (reply.status, reply.code) == (400, "CredentialTypeNotAllowedAsPerAppPolicy")
    assert door.get(f"/applications/{made['id']}").body["passwordCredentials"] == []


def test_tenant_caps_the_life_of_secrets(door, made):
    restrict(door, {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"})
    reply = door.post(f"/applications/{made['id']}/addPassword", {})
    assert (reply.status, reply.code) == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
    short = {"passwordCredential": {"endDateTime": "2027-02-18T12:00:00Z"}}
    assert door.post(f"/applications/{made['id']}/addPassword", short).status == 200


def test_tenant_caps_the_life_of_certificates(door, made):
    restrict(door, {"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P180D"}, group="keyCredentials")
    reply = door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate()]})
    assert (reply.status, reply.code) == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
    assert door.patch(f"/applications/{made['id']}", {"keyCredentials": [certificate(days=90)]}).status == 204


@pytest.mark.parametrize(
    ("row", "policy"),
    [
        ({"state": "disabled"}, {}),
        ({"restrictForAppsCreatedAfterDateTime": "2027-01-01T00:00:00Z"}, {}),
        ({}, {"isEnabled": False}),
    ],
)
def test_restriction_that_does_not_meet_the_application_is_none(door, made, row, policy):
    restrict(door, {"restrictionType": "passwordAddition", **row}, **policy)
    assert door.post(f"/applications/{made['id']}/addPassword", {}).status == 200


def test_application_is_exempted_by_a_policy_of_its_own(door, made):
    restrict(door, {"restrictionType": "passwordAddition", "state": "enabled"})
    exempt = {"passwordCredentials": [{"restrictionType": "passwordAddition", "state": "disabled"}]}
    policy = door.post(
        "/policies/appManagementPolicies", {"displayName": "Exempt", "isEnabled": True, "restrictions": exempt}
    ).body
    where = f"/applications/{made['id']}/appManagementPolicies"
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy['id']}"}
    assert door.post(f"{where}/$ref", reference).status == 204
    assert door.post(f"{where}/$ref", reference).status == 400
    assert [one["id"] for one in door.get(where).value] == [policy["id"]]
    assert door.post(f"/applications/{made['id']}/addPassword", {}).status == 200
    assert door.delete(f"{where}/{policy['id']}/$ref").status == 204
    assert door.delete(f"{where}/{policy['id']}/$ref").status == 404
    assert door.post(f"/applications/{made['id']}/addPassword", {}).status == 400


def forbid_names(door, name, **more):
    """The tenant forbids such names of an API (identifierUris)."""
    body = {"isEnabled": True, "applicationRestrictions": {"identifierUris": {name: {"state": "enabled", **more}}}}
    assert door.patch("/policies/defaultAppManagementPolicy", body).status == 204


def test_names_of_an_api_contain_something_of_the_tenant_where_it_says_so(door, made):
    where = f"/applications/{made['id']}"
    assert door.patch(where, {"identifierUris": ["api://there-before"]}).status == 204
    forbid_names(door, "uriAdditionWithoutUniqueTenantIdentifier")
    refused = door.patch(where, {"identifierUris": ["api://there-before", "api://voice"]})
    assert (refused.status, refused.code) == (400, "InvalidUniqueTenantIdentifierAsPerAppPolicy")
    assert refused.message.startswith("Failed to add identifier URI api://voice. All newly added URIs must contain")
    for good in (made["appId"], f"{contoso}/voice", f"voice/{made['appId']}", "contoso.com/voice"):
        assert door.patch(where, {"identifierUris": ["api://there-before", f"api://{good}"]}).status == 204
    assert door.post("/applications", {"displayName": "New", "identifierUris": ["api://new"]}).status == 400
    second = {"displayName": "New", "identifierUris": ["api://new"], "api": {"requestedAccessTokenVersion": 2}}
    assert door.post("/applications", second).status == 201


def test_names_of_an_api_are_the_usual_ones_where_the_tenant_says_so(door, made):
    where, older = f"/applications/{made['id']}", {"restrictForAppsCreatedAfterDateTime": "2027-01-01T00:00:00Z"}
    forbid_names(door, "nonDefaultUriAddition", excludeAppsReceivingV2Tokens=False)
    for usual in (made["appId"], f"{contoso}/{made['appId']}"):
        assert door.patch(where, {"identifierUris": [f"api://{usual}"]}).status == 204
    second = {"identifierUris": [f"api://{contoso}/voice"], "api": {"requestedAccessTokenVersion": 2}}
    refused = door.patch(where, second)
    assert (refused.status, refused.message[:40]) == (400, f"The newly added URI api://{contoso}"[:40])
    assert door.get(where).body["api"]["requestedAccessTokenVersion"] is None
    forbid_names(door, "nonDefaultUriAddition", **older)
    assert door.patch(where, {"identifierUris": [f"api://{contoso}/voice"]}).status == 204


def test_application_is_spared_names_by_a_policy_of_its_own(door, made):
    forbid_names(door, "nonDefaultUriAddition")
    spared = {"applicationRestrictions": {"identifierUris": {"nonDefaultUriAddition": {"state": "disabled"}}}}
    body = {"displayName": "Spared", "isEnabled": True, "restrictions": spared}
    policy = door.post("/policies/appManagementPolicies", body).body["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy}"}
    assert door.patch(f"/applications/{made['id']}", {"identifierUris": ["api://voice"]}).status == 400
    door.post(f"/applications/{made['id']}/appManagementPolicies/$ref", reference)
    assert door.patch(f"/applications/{made['id']}", {"identifierUris": ["api://voice"]}).status == 204


def test_policy_of_its_own_binds_an_enterprise_application(door, made):
    principal = door.post("/servicePrincipals", {"appId": made["appId"]}).body
    strict = {"passwordCredentials": [{"restrictionType": "passwordAddition"}]}
    policy = door.post(
        "/policies/appManagementPolicies", {"displayName": "Strict", "isEnabled": True, "restrictions": strict}
    ).body
    where = f"/servicePrincipals/{principal['id']}/appManagementPolicies"
    door.post(f"{where}/$ref", {"@odata.id": f"https://x/v1.0/policies/appManagementPolicies/{policy['id']}"})
    assert door.post(f"/servicePrincipals/{principal['id']}/addPassword", {}).status == 400
    assert door.patch(f"/policies/appManagementPolicies/{policy['id']}", {"isEnabled": False}).status == 204
    assert door.post(f"/servicePrincipals/{principal['id']}/addPassword", {}).status == 200
    assert door.delete(f"{where}/{policy['id']}/$ref").status == 204


def test_policies_on_applications_are_made_read_and_deleted(door):
    made = door.post("/policies/appManagementPolicies", {"displayName": "P"}).body
    assert door.get(f"/policies/appManagementPolicies/{made['id']}").body["isEnabled"] is False
    assert [one["displayName"] for one in door.get("/policies/appManagementPolicies").value] == ["P"]
    wrong = {"restrictions": {"passwordCredentials": [{"restrictionType": "wishes"}]}}
    assert door.patch(f"/policies/appManagementPolicies/{made['id']}", wrong).status == 400
    assert door.delete(f"/policies/appManagementPolicies/{made['id']}").status == 204
    assert door.get(f"/policies/appManagementPolicies/{made['id']}").status == 404


def test_life_that_cannot_be_read_is_400(door):
    body = {"applicationRestrictions": {"passwordCredentials": [_bad_life]}}
    assert door.patch("/policies/defaultAppManagementPolicy", body).status == 400


_bad_life = {"restrictionType": "passwordLifetime", "maxLifetime": "P"}


@pytest.mark.parametrize(
    ("text", "hours"), [("P90D", 2160), ("P1Y", 8760), ("P1M", 720), ("P2W", 336), ("PT8H", 8), ("P1DT30M", 24.5)]
)
def test_spans_of_time_are_read(text, hours):
    assert durations.read(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "90 days", "P-1D"])
def test_what_is_no_span_of_time_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        durations.read(text)


def test_policies_that_bear_on_sign_ins_can_be_read(door):
    assert door.get("/policies/identitySecurityDefaultsEnforcementPolicy").body["isEnabled"] is False
    assert door.get("/policies/adminConsentRequestPolicy").body["isEnabled"] is False
    row = {
        "id": "p-1",
        "displayName": "MFA",
        "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }
    door.tenant.policies["conditionalAccess"] = [row]
    assert [one["displayName"] for one in door.get("/identity/conditionalAccess/policies").value] == ["MFA"]


def test_administrator_stops_members_from_registering(door):
    body = {"defaultUserRolePermissions": {"allowedToCreateApps": False}}
    assert door.patch("/policies/authorizationPolicy", body).status == 204
    kept = door.get("/policies/authorizationPolicy").body["defaultUserRolePermissions"]
    assert (kept["allowedToCreateApps"], kept["allowedToCreateSecurityGroups"]) == (False, True)
    assert door.as_person("morgan.member").post("/applications", {"displayName": "Mine"}).status == 403
