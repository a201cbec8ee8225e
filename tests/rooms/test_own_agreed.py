"""*Sign in to remove what remains* takes what the page showed and somebody agreed to, lately; no more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.starting import start_teardown
from gangway.services.models import Service
from tests.rooms import factories_onboarding, factories_services
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_own_view import asked_of, back, inside
from tests.rooms.factories_web import soup
from tests.rooms.test_own_removal import agree, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Place:
    made = make_provider(name="Sailmaker Voice")
    factories_onboarding.register(made)
    return made


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso Bakeries")


@pytest.fixture
def service_id(customer: Place) -> UUID:
    return connected(customer, "voice-1")


def run_of(customer: Place, service_id: UUID, **like: Any) -> Run:
    now = clock.now()
    with within(customer.path):
        given = {"kind": "teardown", "state": "cancelled", "created_at": now, "queued_at": now, **like}
        row = Registration.objects.get()
        return Run.objects.create(organization_id=customer.id, registration=row, service_id=service_id, **given)


def remains(customer: Place, service_id: UUID, *names: str, kind: str = "permission") -> None:
    run = run_of(customer, service_id)
    with within(customer.path):
        for name in names:
            Leftover.objects.create(
                organization_id=customer.id,
                registration=run.registration,
                run=run,
                service_id=service_id,
                kind=kind,
                name=name,
                object_id=f"{kind} {name}",
                why="A cancelled run left it.",
                since=clock.now(),
                seen_at=clock.now(),
            )


def permissions(customer: Place) -> tuple[Any, Any]:
    with within(customer.path):
        return pinning.read(Registration.objects.get().plan).permissions[:2]


def begun(customer: Place) -> list[dict[str, Any]]:
    with within(customer.path):
        return list(Run.objects.filter(state="queued").values_list("wanted", flat=True))


def test_what_appears_after_the_page_was_shown_is_shown_and_asked_again(provider, customer, service_id):
    first, second = permissions(customer)
    remains(customer, service_id, first.value)
    client = inside(provider)
    shown = client.get("/customer/removal/")
    assert second.value not in text(shown)
    remains(customer, service_id, second.value)
    old = {"shown": soup(shown).select_one("[name=shown]")["value"]}
    for wrong in (old, {}, {"shown": ""}):
        answer = client.post("/customer/removal/", wrong, follow=True)
        assert "The list has changed" in text(answer)
        assert second.value in text(answer)
    assert asked_of(agree(client))["prompt"] == "login"


def test_what_appears_while_somebody_signs_in_stays(provider, customer, service_id):
    first, second = permissions(customer)
    remains(customer, service_id, first.value)
    client = inside(provider)
    asked = asked_of(agree(client))
    remains(customer, service_id, second.value)
    back(client, asked)
    assert [one["permissions"] for one in begun(customer)] == [[first.id]]
    assert client.get("/customer/waiting/").headers["Location"] == "/customer/removal/"
    with within(customer.path):
        Run.objects.filter(state="queued").update(state="cancelled", token_sealed_id=None)
    assert second.value in text(client.get("/customer/removal/"))


def test_a_resting_removal_of_more_is_not_what_goes_on(provider, customer, service_id):
    first, second = permissions(customer)
    remains(customer, service_id, first.value)
    wanted = {"whole": False, "for_good": False, "credentials": [], "permissions": [first.id, second.id]}
    run_of(customer, service_id, state="needs_sign_in", wanted=wanted)
    client = inside(provider)
    back(client, asked_of(agree(client)))
    assert [one["permissions"] for one in begun(customer)] == [[first.id]]


def test_a_whole_registration_takes_nothing_along_that_nobody_was_shown(provider, customer, service_id):
    with within(customer.path):
        Service.objects.update(lifecycle="deleted")
        credential = Credential.objects.get()
    remains(customer, service_id, "voice-1", kind="application")
    client = inside(provider)
    asked = asked_of(agree(client))
    remains(customer, service_id, credential.display_name, kind="principal")
    back(client, asked)
    client.get("/customer/waiting/")
    assert begun(customer) == []
    assert "something was added to the list" in text(client.get("/customer/removal/"))
    back(client, asked_of(agree(client)))
    assert [one["whole"] for one in begun(customer)] == [True]


def test_who_did_not_prove_lately_who_they_are_removes_nothing(provider, customer, service_id):
    """Whoever takes the wish for the password out of the address comes back with the time of an older proof."""
    remains(customer, service_id, permissions(customer)[0].value)
    client = inside(provider)
    proved_at = int((clock.now() - timedelta(minutes=11)).timestamp())
    back(client, asked_of(agree(client)), auth_time=proved_at)
    answer = client.get("/customer/waiting/")
    assert answer.status_code == 403
    assert "Prove once more who you are" in text(answer)
    assert begun(customer) == []


def test_taking_single_things_away_leaves_what_waits_for_another_service(customer, service_id):
    other = factories_services.plan(customer, short_name="voice-2")
    theirs, own = (run_of(customer, one, kind="repair", state="needs_sign_in") for one in (other, service_id))
    with within(customer.path):
        wanted = {"registration_id": own.registration_id, "service_id": service_id, "by": SETUP, "now": clock.now()}
        start_teardown(**wanted, whole=False, permissions=["some"])
        states = dict(Run.objects.filter(kind="repair").values_list("pk", "state"))
    assert states == {theirs.pk: "needs_sign_in", own.pk: "cancelled"}
