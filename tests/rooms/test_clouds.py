"""Two of Microsoft's clouds as two emulators: what belongs to one talks only to that one, by their own request logs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings

from gangway.config.settings.typed import CloudHosts
from gangway.foundation import clock
from gangway.foundation.clouds import CloudName
from gangway.invitations import actions as invitations
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, doctor, queries
from gangway.onboarding.applications import for_provider
from gangway.onboarding.errors import NoSignInApplication
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.changing import change_details
from gangway.organizations.details import Details
from gangway.organizations.errors import CloudInUse
from gangway.organizations.queries import customer
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Registration
from tests.emulator.conftest import Emulator, running
from tests.rooms import factories_invitations, factories_organizations
from tests.rooms.factories_onboarding import Walk, register, walk
from tests.rooms.test_onboarding_aboard import OLGA, add, provision, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@dataclass(frozen=True)
class Sky:
    """The worldwide cloud and a national one."""

    public: Emulator
    china: Emulator

    def requests(self) -> dict[str, int]:
        """How many requests reached Entra and Graph of each since their logs were emptied."""
        return {name: len(log(emulator)) for name, emulator in (("public", self.public), ("china", self.china))}

    def forget(self) -> None:
        """Empty both logs."""
        for emulator in (self.public, self.china):
            emulator.control("DELETE", "log")


def log(emulator: Emulator) -> list[dict]:
    return emulator.control("GET", "log?plane=graph&plane=login")["requests"]


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Iterator[Sky]:
    """Two processes, each with an authority of its own."""
    with (
        running(tmp_path_factory.mktemp("public")) as public,
        running(tmp_path_factory.mktemp("china")) as china,
    ):
        yield Sky(public, china)


@pytest.fixture
def sky(both: Sky, settings, tmp_path) -> Sky:
    """Both fresh; the product's settings point the worldwide cloud at one and China's at the other."""
    trusted = tmp_path / "authorities.pem"
    for emulator in (both.public, both.china):
        emulator.control("POST", "reset")
    trusted.write_text("\n".join(Path(one.ca_file).read_text("ascii") for one in (both.public, both.china)), "ascii")
    both.forget()
    addresses = {
        "cloud_login_url": both.public.url,
        "cloud_graph_url": both.public.url,
        "clouds": {CloudName.CHINA: CloudHosts(login_url=both.china.url, graph_url=both.china.url)},
        "extra_ca_file": trusted,
    }
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=addresses)
    return both


def aboard(emulator: Emulator, cloud: str) -> Walk:
    """The whole way of one customer: sign in, make the registration, validate its credentials."""
    walked = walk(cloud=cloud)
    sign_in(walked, emulator)
    provision(walked, f"gw-{cloud}")
    onboarding_id = add(walked)
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        assert queries.validation(onboarding_id).status == "ok"
    return walked


@pytest.mark.parametrize("cloud", ["public", "china"])
def test_a_customer_is_brought_aboard_in_its_own_cloud_and_the_other_hears_nothing(sky, cloud):
    walked = aboard(getattr(sky, cloud), cloud)
    told = sky.requests()
    other = "china" if cloud == "public" else "public"
    assert told[cloud] > 20
    assert told[other] == 0
    with within_everything("test"):
        assert Registration.objects.get(organization_id=walked.customer.id).cloud == cloud
    with within(walked.customer.path), pytest.raises(CloudInUse, match="connected in the present one"):
        change_to(walked.customer.id, "dod")


def change_to(customer_id, cloud):
    change_details(organization_id=customer_id, name="Contoso", details=Details(), cloud=cloud, by=OLGA)


def test_a_cloud_is_not_changed_under_a_link_that_is_out():
    customer = factories_organizations.make_customer()
    draft = factories_invitations.issue(customer, draft=True)
    with within(customer.path):
        change_to(customer.id, "china")
        invitations.send_draft(invitation_id=draft, by=OLGA, now=clock.now())
        with pytest.raises(CloudInUse, match="invited to sign in there") as refused:
            change_to(customer.id, "public")
        assert refused.value.field == "cloud"
        change_to(customer.id, "china")
        withdraw(invitation_id=draft, by=OLGA, now=clock.now())
        change_to(customer.id, "public")


def test_two_customers_in_two_clouds_never_meet(sky):
    aboard(sky.public, "public")
    first = sky.requests()
    aboard(sky.china, "china")
    then = sky.requests()
    assert first["china"] == 0
    assert then["public"] == first["public"]
    assert sky.public.url not in json.dumps(log(sky.china))


def test_portal_links_of_a_national_cloud_lead_to_its_own_portal(sky):
    walked = aboard(sky.china, "china")
    paths = walked.view().done.portal_paths
    hosts = {path.url.split("/")[2] for path in paths if path.url}
    assert hosts == {"portal.azure.cn", "entra.microsoftonline.cn"}


def test_a_customer_in_a_cloud_without_a_sign_in_application_is_told_so(sky):
    provider = factories_organizations.make_provider()
    place = factories_organizations.make_customer(provider, cloud="dod")
    register(provider)
    with within(place.path), pytest.raises(NoSignInApplication):
        for_provider(provider.id, cloud=customer(place.id).cloud)


def test_the_doctor_asks_each_cloud_that_is_used(sky):
    provider = factories_organizations.make_provider()
    register(provider, cloud="china")
    found = queries.sign_in_applications(provider.id)
    answers = async_to_sync(doctor.clouds_answer)([application.cloud for application in found])
    assert [(answer.name, answer.ok) for answer in answers] == [(sky.public.url, True), (sky.china.url, True)]
