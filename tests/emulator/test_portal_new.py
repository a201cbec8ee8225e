"""The portal by hand, from nothing: a new registration, its redirect address, another issuer instead of a secret."""

import pytest

from m365_emulator.login import policies
from tests.emulator.graph_door import Door
from tests.emulator.portal_visitor import Visitor


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def register(door, who="grace.global", **typed):
    visitor = Visitor(door, who)
    form = visitor.follow(visitor.open("/portal/registrations"), "New registration")
    return visitor, visitor.press(form, "Register", **{"name": "Voice", **typed})


def test_application_is_registered_with_its_enterprise_application(door):
    _, page = register(door, audience="AzureADMultipleOrgs", platform="web", redirect="https://voice.example/back")
    assert (page.heading, page.note) == ("Voice", "“Voice” was registered.")
    (made,) = door.get("/applications?$filter=displayName eq 'Voice'").value
    assert made["signInAudience"] == "AzureADMultipleOrgs"
    assert made["web"]["redirectUris"] == ["https://voice.example/back"]
    assert door.get(f"/servicePrincipals(appId='{made['appId']}')").status == 200


def test_member_registers_where_the_organization_allows_it(door):
    _, page = register(door, "morgan.member", audience="AzureADMyOrg")
    assert page.heading == "Voice"
    (made,) = door.get("/applications?$filter=displayName eq 'Voice'").value
    owners = door.get(f"/applications/{made['id']}/owners").value
    assert [one["userPrincipalName"] for one in owners] == ["morgan.member@contoso.com"]


def test_member_is_told_where_the_organization_does_not(door):
    policies.change(door.tenant, {"allowedToCreateApps": False})
    page = Visitor(door, "morgan.member").open("/portal/registrations/new")
    assert "Ask one of them" in page.text
    assert page.soup.find("button", string="Register") is None


@pytest.mark.parametrize("typed", [{"name": ""}, {"audience": "Everybody"}, {"redirect": "https://x.example"}])
def test_wrong_form_says_what_is_wrong_and_makes_nothing(door, typed):
    _, page = register(door, **{"audience": "AzureADMyOrg", **typed})
    assert (page.heading, bool(page.note)) == ("Register an application", True)
    assert door.get("/applications?$filter=displayName eq 'Voice'").value == []


def test_other_issuer_is_trusted_and_no_longer(door):
    visitor, page = register(door, audience="AzureADMyOrg")
    page = visitor.follow(visitor.follow(page, "Certificates & secrets"), "Add credential")
    page = visitor.press(page, "Add", name="gangway", issuer="https://gangway.example", subject="service-1")
    assert page.note == "The credential “gangway” was added."
    assert page.rows()[0][:3] == ["gangway", "https://gangway.example", "service-1"]
    page = visitor.press(page, "Delete", row="gangway")
    assert (page.note, "No other issuer is trusted." in page.text) == ("The credential was deleted.", True)


def test_wrong_issuer_is_refused_in_graphs_words(door):
    visitor, page = register(door, audience="AzureADMyOrg")
    page = visitor.follow(visitor.follow(page, "Certificates & secrets"), "Add credential")
    page = visitor.press(page, "Add", name="gangway", issuer="http://gangway.example", subject="service-1")
    assert "issuer" in page.note
