"""What the control door sets about a tenant's directory, and what Graph does with it."""

import pytest

from m365_emulator.login import policies
from tests.emulator.graph_door import Door


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def test_registrations_can_be_restricted(door):
    policies.change(door.tenant, {"allowedToCreateApps": False})
    assert policies.value(door.tenant, "allowedToCreateApps") is False
    assert door.as_person("morgan.member").post("/applications", {"displayName": "Mine"}).status == 403


def test_secrets_can_be_forbidden(door):
    rows = {"passwordCredentials": [{"restrictionType": "passwordAddition"}]}
    policies.change(door.tenant, {"appManagement": {"applicationRestrictions": rows}})
    made = door.post("/applications", {"displayName": "Voice"}).body
    assert door.post(f"/applications/{made['id']}/addPassword", {}).code == "CredentialTypeNotAllowedAsPerAppPolicy"


def test_edition_and_pim_rules_can_be_set(door):
    policies.change(door.tenant, {"entraEdition": "Free", "pim": {"ticket": True}})
    assert door.post("/directory/administrativeUnits", {"displayName": "U"}).code == "AadPremiumLicenseRequired"
    assert policies.value(door.tenant, "pim")["ticket"] is True


def test_dns_can_be_told_what_to_show(door):
    door.post("/domains", {"id": "voice.example"})
    text = door.get("/domains/voice.example/verificationDnsRecords").value[0]["text"]
    policies.change(door.tenant, {"dns": {"Voice.example": [text]}})
    assert door.post("/domains/voice.example/verify").body["isVerified"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowedToCreateApps": "no"},
        {"appManagement": []},
        {"appManagement": {"applicationRestrictions": {"passwordCredentials": [{"restrictionType": "wish"}]}}},
        {"entraEdition": "P9"},
        {"pim": {"luck": True}},
        {"pim": {"longestActivation": "soon"}},
        {"dns": {"voice.example": "MS=ms1"}},
        {"directRoutingCalls": [{}]},
    ],
)
def test_wrong_values_are_refused_with_a_sentence(door, wrong):
    with pytest.raises(ValueError, match=r"\w"):
        policies.change(door.tenant, wrong)
