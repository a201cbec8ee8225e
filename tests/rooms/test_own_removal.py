"""*Sign in to remove what remains*: nobody's right reached, then the customer's does; the emulator's state is judge."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from gangway.connections.farewells import is_ours
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import deletion
from gangway.organizations.scope import within
from gangway.provisioning import actions as provisioning
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import GIVEN, Credential, Leftover, Registration, Run
from gangway.provisioning.remains import remains_in, scopes_of
from gangway.services.states import Lifecycle
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.emulator.conftest import Emulator, avery, running
from tests.rooms import factories_onboarding
from tests.rooms.factories_organizations import Place
from tests.rooms.factories_own_view import asked_of, back, inside
from tests.rooms.factories_provisioning import BY, Work, make_work
from tests.rooms.factories_web import soup, text
from tests.rooms.test_deletion import Served

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def kept(process: Emulator) -> Iterator[Tenant]:
    tenant = Tenant(process)
    yield tenant
    tenant.close()


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"deletion_grace_days": 0})
    return tenant


def provider_of(work: Work) -> Place:
    """The provider above, with the sign-in application that the emulator knows."""
    from gangway.organizations.queries import provider_of as above  # noqa: PLC0415

    about = above(work.customer.id)
    place = Place(about.id, about.path)
    factories_onboarding.register(place)
    return place


def ours(tenant: Tenant) -> list[str]:
    """What is alive in the tenant that we made."""
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    return [row["displayName"] for row in rows if str(row.get("uniqueName") or "").startswith("gangway-")]


def left(work: Work) -> list[str]:
    with within(work.customer.path):
        return sorted(Leftover.objects.filter(cleared_at=None).values_list("kind", flat=True))


def agree(client: Client) -> Any:
    """Press *Sign in to remove what remains* below the list that the page shows."""
    shown = soup(client.get("/customer/removal/")).select_one("[name=shown]")
    return client.post("/customer/removal/", {"shown": shown["value"]})


def removed(client: Client, tenant: Tenant, who: Any = None) -> str:
    """Press *Sign in to remove what remains*, sign in, and let workers do it; what the page says then."""
    asked = asked_of(agree(client))
    assert asked["prompt"] == "login"
    token = tenant.token(*([who] if who else [])).reveal()
    back(client, asked, token=token)
    assert client.get("/customer/waiting/").headers["Location"] == "/customer/removal/"
    run_until_idle()
    return text(client.get("/customer/removal/"))


def test_a_deletion_that_nobody_had_the_right_for_is_finished_by_the_customers_sign_in(tenant):
    work = make_work()
    work.done(tenant.token())
    served = Served(work)
    served.connect(work.service_id)
    provider = provider_of(work)
    served.delete()
    assert served.life() is Lifecycle.DELETING
    client = inside(provider)
    before = text(client.get("/customer/removal/"))
    assert "What will be removed" in before
    assert left(work) == ["application", "credential", "principal"]
    after = removed(client, tenant)
    assert "It was removed, and seen to be gone." in after
    assert (ours(tenant), left(work)) == ([], ["deleted_application"])
    deletion.go_on(now=clock.now())
    assert served.life() is Lifecycle.DELETED
    assert not Sealed.objects.filter(place="onboarding.visit.token", ciphertext__isnull=False).exists()
    gone = text(client.get(f"/customer/services/{work.service_id}/"))
    assert "Seen to be gone: App registration voice1" in gone
    assert "User.Read.All taken away" in gone
    signed = client.get(f"/customer/services/{work.service_id}/farewell.txt")
    assert is_ours(signed.content.decode())


def test_what_a_cancelled_case_left_is_removed_and_a_weaker_administrator_removes_what_they_may(tenant):
    tenant.token()
    work = make_work()
    work.done(tenant.token(avery))
    with within(work.customer.path):
        provisioning.cancel_run(run_id=work.run_id, by=BY, now=clock.now())
    run_until_idle()
    assert left(work) == ["application", "credential", "principal", "sign_in_application"]
    client = inside(provider_of(work))
    removed(client, tenant, avery)
    assert (ours(tenant), left(work)) == ([], [])


def test_what_the_customer_made_and_typed_never_comes_up(tenant):
    work = make_work()
    work.done(tenant.token())
    with within(work.customer.path):
        Registration.objects.update(origin=GIVEN)
        Credential.objects.update(origin=GIVEN)
        run, row = Run.objects.get(), Registration.objects.get()
        for kind, name in (("application", row.display_name), ("credential", Credential.objects.get().key_id)):
            Leftover.objects.create(
                organization_id=work.customer.id,
                registration=row,
                run=run,
                service_id=work.service_id,
                kind=kind,
                name=name,
                object_id=name,
                why="The customer made it.",
                since=clock.now(),
                seen_at=clock.now(),
            )
        assert remains_in(row.tenant_id, cloud=row.cloud) == ()
    client = inside(provider_of(work))
    objects = tenant.state()["objects"]
    told = client.post("/customer/removal/", follow=True)
    assert "Nothing remains in your tenant" in text(told)
    assert tenant.state()["objects"] == objects


def test_of_a_registration_that_is_in_use_nothing_goes_but_what_is_named(tenant):
    work = make_work()
    work.done(tenant.token())
    served = Served(work)
    served.connect(work.service_id)
    with within(work.customer.path):
        row = Registration.objects.get()
        extra = next(one for one in pinning.read(row.plan).permissions if one.value == "User.Read.All")
        for kind, name in (("application", row.display_name), ("permission", extra.value)):
            Leftover.objects.create(
                organization_id=work.customer.id,
                registration=row,
                run=Run.objects.get(),
                service_id=work.service_id,
                kind=kind,
                name=name,
                object_id=f"{kind}-1",
                why="A cancelled run left it.",
                since=clock.now(),
                seen_at=clock.now(),
            )
        remaining = remains_in(row.tenant_id, cloud=row.cloud)
    assert [thing.kind for one in remaining for thing in one.things] == ["permission"]
    assert "RoleManagement.ReadWrite.Directory" not in scopes_of(remaining)
    before = tenant.state()
    removed(inside(provider_of(work)), tenant)
    after = tenant.state()
    gone = [one for one in before["app_role_assignments"] if one not in after["app_role_assignments"]]
    assert [before["app_role_assignments"][one]["appRoleId"] for one in gone] == [extra.id]
    assert (after["role_assignments"], len(ours(tenant))) == (before["role_assignments"], 1)
    assert left(work) == ["application"]
