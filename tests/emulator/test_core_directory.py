"""The directory's own questions, in this process."""

import json

from m365_emulator import seed, world
from m365_emulator.settings import Settings
from tests.emulator.conftest import contoso, daemon_app, fabrikam, sign_in_app


def fresh():
    return world.build(Settings(), seed.read(None))


def test_application_is_found_at_home_and_forgotten_when_deleted():
    directory = fresh().directory
    home, application = directory.home_of_application(sign_in_app)
    assert (home.display_name, application.body["displayName"]) == ("Sandbox1 Provider", "Sandbox1-sp2-token")
    home.deleted[application.id] = home.objects.pop(application.id)
    assert directory.home_of_application(sign_in_app) is None
    home.objects[application.id] = home.deleted.pop(application.id)
    assert directory.home_of_application(sign_in_app) == (home, application)


def test_tenant_is_found_by_a_domain_only_while_it_is_verified():
    directory = fresh().directory
    assert directory.tenant("CONTOSO.com").id == contoso
    directory.tenants[contoso].domains[1]["isVerified"] = False
    assert directory.tenant("contoso.com") is None
    directory.tenants[fabrikam].domains.append({"id": "contoso.com", "isVerified": True})
    assert directory.tenant("contoso.com").id == fabrikam


def test_principal_is_the_one_of_this_tenant():
    directory = fresh().directory
    assert directory.tenants[contoso].principal(daemon_app).kind == "servicePrincipal"
    assert directory.tenants[fabrikam].principal(daemon_app) is None


def test_a_thousand_tenants_are_planted_and_found():
    row = json.dumps(seed.read(None)["tenants"][2])
    tenants = [json.loads(row.replace("fab41ca0", f"{n:08x}").replace("fabrikam", f"f{n}")) for n in range(1000)]
    made = world.build(Settings(), {"seed": "many", "tenants": tenants})
    assert made.directory.tenant("f999.com").id == "000003e7-0000-4000-8000-000000000001"
    assert made.directory.tenant("f7.onmicrosoft.com").user("gray.global@f7.com") is not None
