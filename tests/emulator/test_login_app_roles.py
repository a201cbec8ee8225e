"""App roles and groups of a person, as the application is told of them in its id_token."""

import jwt

from tests.rooms.factories_microsoft import CONTOSO, GRACE, MORGAN, OPERATOR_ROLE, PAT, register

EVERY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"


def test_app_roles_given_to_a_person_stand_in_the_id_token(emulator):
    entra = register(emulator)
    emulator.control("POST", "clock", json={"freeze": "2026-11-20T12:00:00Z"})
    entra.tokens.clear()
    path = f"/applications(appId='{entra.client_id}')"
    entra.graph(PAT, "PATCH", path, {"isFallbackPublicClient": True})
    flow = _device_code(emulator, entra.client_id)
    emulator.grant(flow, MORGAN, for_all=False)
    assert "roles" not in _told(emulator, entra.client_id, flow)
    entra.assign(MORGAN, OPERATOR_ROLE)
    flow = _device_code(emulator, entra.client_id)
    emulator.grant(flow, MORGAN, for_all=False)
    told = _told(emulator, entra.client_id, flow)
    assert (told["roles"], told["tid"]) == (["Gangway.Operator"], CONTOSO)


def test_groups_stand_in_the_id_token_until_they_are_too_many(emulator):
    """From 201 on, Entra says where to ask for them instead."""
    entra = register(emulator)
    group = entra.group("people", MORGAN)
    outer = entra.group("everybody", GRACE)
    member = {"@odata.id": f"{emulator.url}/v1.0/directoryObjects/{group}"}
    entra.graph(GRACE, "POST", f"/groups/{outer}/members/$ref", member)
    entra.graph(PAT, "PATCH", f"/applications(appId='{entra.client_id}')", {"isFallbackPublicClient": True})
    assert sorted(_signed_in(emulator, entra)["groups"]) == sorted([group, outer])
    for number in range(199):
        entra.group(f"g{number}", MORGAN)
    told = _signed_in(emulator, entra)
    assert "groups" not in told
    assert told["_claim_names"] == {"groups": "src1"}
    assert told["_claim_sources"]["src1"]["endpoint"].endswith("/getMemberObjects")


def test_directory_roles_stand_in_the_id_token_where_the_registration_asks_for_them(emulator):
    """Beside the role that every member has; of a person's groups nothing is told for that."""
    entra = register(emulator)
    entra.graph(PAT, "PATCH", f"/applications(appId='{entra.client_id}')", {"isFallbackPublicClient": True})
    entra.group("people", MORGAN)
    _ask_for(entra, groupMembershipClaims="SecurityGroup")
    assert "wids" not in _signed_in(emulator, entra)
    _ask_for(entra, groupMembershipClaims="DirectoryRole")
    told = _signed_in(emulator, entra)
    assert (told["wids"], "groups" in told) == ([EVERY_MEMBER], False)
    flow = _device_code(emulator, entra.client_id)
    emulator.grant(flow, GRACE, for_all=False)
    assert set(_told(emulator, entra.client_id, flow)["wids"]) == {EVERY_MEMBER, GLOBAL}


def test_when_a_person_signed_in_stands_in_the_id_token_where_the_registration_asks_for_it(emulator):
    entra = register(emulator)
    _ask_for(entra, isFallbackPublicClient=True)
    assert "auth_time" not in _signed_in(emulator, entra)
    _ask_for(entra, optionalClaims={"idToken": [{"name": "auth_time"}]})
    told = _signed_in(emulator, entra)
    assert told["iat"] < told["auth_time"] < told["exp"], "a token is dated back, the sign-in isn't"


def test_the_operation_center_of_the_default_world_is_told_when_a_person_signed_in(emulator):
    """Else its operators would prove themselves twice before something dangerous."""
    entra = register(emulator)
    known = entra.graph(PAT, "GET", "/applications(appId='0bec0ffe-0000-4000-8000-000000000001')")
    assert [each["name"] for each in known["optionalClaims"]["idToken"]] == ["auth_time"]


def _ask_for(entra, **wanted):
    entra.graph(PAT, "PATCH", f"/applications(appId='{entra.client_id}')", wanted)


def _signed_in(emulator, entra):
    flow = _device_code(emulator, entra.client_id)
    emulator.grant(flow, MORGAN, for_all=False)
    return _told(emulator, entra.client_id, flow)


def _device_code(emulator, client_id):
    form = {"client_id": client_id, "scope": "openid profile"}
    return emulator.post("/organizations/oauth2/v2.0/devicecode", **form).json()


def _told(emulator, client_id, flow):
    kind = "urn:ietf:params:oauth:grant-type:device_code"
    form = {"client_id": client_id, "device_code": flow["device_code"], "grant_type": kind}
    token = emulator.post("/organizations/oauth2/v2.0/token", **form).json()["id_token"]
    return jwt.decode(token, options={"verify_signature": False})
