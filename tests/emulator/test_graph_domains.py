"""Domain names: added, proved by DNS, given services, removed; and who is named after them."""

import pytest

from m365_emulator.graph import domains
from tests.emulator.graph_door import Door, fabrikam

_name = "cust1.customers.carrier.example"


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def show_proof(door, name=_name):
    domains.set_dns_texts(door.tenant, name, [domains.proof(door.tenant, name)])


def test_domain_is_added_proved_and_used(door):
    added = door.post("/domains", {"id": _name})
    assert (added.status, added.body["isVerified"], added.body["isRoot"]) == (201, False, True)
    text, mx = door.get(f"/domains/{_name}/verificationDnsRecords").value
    assert (text["recordType"], text["label"], text["ttl"]) == ("Txt", _name, 3600)
    assert text["text"] == domains.proof(door.tenant, _name)
    assert mx["mailExchange"].startswith("ms")
    early = door.post(f"/domains/{_name}/verify")
    assert (early.status, early.code) == (400, "Request_BadRequest")
    domains.set_dns_texts(door.tenant, _name, ["v=spf1 -all", text["text"]])
    assert door.post(f"/domains/{_name}/verify").body["isVerified"] is True
    again = door.post(f"/domains/{_name}/verify")
    assert (again.status, again.message) == (400, "Domain is already verified.")
    assert door.patch(f"/domains/{_name}", {"supportedServices": ["OfficeCommunicationsOnline"]}).status == 204
    assert door.get(f"/domains/{_name}").body["supportedServices"] == ["OfficeCommunicationsOnline"]
    (record,) = door.get(f"/domains/{_name}/serviceConfigurationRecords").value
    assert record["nameTarget"] == "sipfed.online.lync.com"


def test_domain_below_a_verified_one_is_verified_at_once(door):
    assert door.post("/domains", {"id": "voice.contoso.com"}).body["isVerified"] is True
    assert door.get("/domains/voice.contoso.com").body["isRoot"] is False
    assert door.post("/domains/voice.contoso.com/promote").body["value"] is True
    assert door.post("/domains/voice.contoso.com/promote").status == 400
    assert door.post("/domains", {"id": "voice.fabrikam.com"}).body["isVerified"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"id": "no domain"},
        {"id": "a.onmicrosoft.com"},
        {"id": "x" * 40 + ".example.com"},
        {"id": "single"},
        {"id": "new.example", "isDefault": True},
        {},
    ],
)
def test_domains_of_wrong_form_are_400(door, body):
    assert door.post("/domains", body).status == 400


def test_domain_is_added_once(door):
    assert door.post("/domains", {"id": "CONTOSO.com"}).status == 409


def test_domain_of_another_organization_is_not_verified_here(door):
    door.post("/domains", {"id": "fabrikam.com"})
    show_proof(door, "fabrikam.com")
    reply = door.post("/domains/fabrikam.com/verify")
    assert (reply.status, "another organization" in reply.message) == (400, True)
    assert door.world.directory.tenants[fabrikam].domain_names() == ["fabrikam.onmicrosoft.com", "fabrikam.com"]


def test_unverified_domain_has_no_services(door):
    door.post("/domains", {"id": _name})
    assert door.patch(f"/domains/{_name}", {"supportedServices": ["Email"]}).status == 400
    assert door.patch("/domains/contoso.com", {"supportedServices": ["Telegraph"]}).status == 400


def test_default_domain_changes_hands(door):
    assert door.patch("/domains/contoso.onmicrosoft.com", {"isDefault": True}).status == 204
    assert [one["isDefault"] for one in door.get("/domains").value] == [True, False]


def test_domain_in_use_is_not_deleted(door):
    door.post("/domains", {"id": "voice.contoso.com"})
    person = {
        "accountEnabled": True,
        "displayName": "Activation",
        "mailNickname": "activation",
        "userPrincipalName": "activation@voice.contoso.com",
        "passwordProfile": {"password": "Contoso-Activation-1"},
    }
    made = door.post("/users", person).body
    references = door.get("/domains/voice.contoso.com/domainNameReferences").value
    assert [one["id"] for one in references] == [made["id"]]
    assert door.delete("/domains/voice.contoso.com").status == 400
    assert door.post("/domains/voice.contoso.com/forceDelete", {"disableUserAccounts": True}).status == 204
    moved = door.get(f"/users/{made['id']}?$select=userPrincipalName,accountEnabled").body
    assert moved["userPrincipalName"] == "activation@contoso.onmicrosoft.com"
    assert moved["accountEnabled"] is False
    assert door.get("/domains/voice.contoso.com").status == 404


@pytest.mark.parametrize("name", ["contoso.com", "contoso.onmicrosoft.com"])
def test_default_and_initial_domain_stay(door, name):
    assert door.delete(f"/domains/{name}").status == 400


def test_unused_domain_is_deleted(door):
    door.post("/domains", {"id": _name})
    assert door.delete(f"/domains/{_name}").status == 204
    assert door.get(f"/domains/{_name}").status == 404
