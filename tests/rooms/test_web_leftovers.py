"""The *Leftovers* page, as operators meet it in their browsers."""

from typing import Any
from uuid import uuid4

import pytest

from gangway.alarms.models import Alarm, Notice
from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.onboarding.own_view import asking
from gangway.organizations.changing import change_contacts
from gangway.organizations.details import Contact
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.leftovers import mark_removed
from gangway.provisioning.models import Leftover, Registration, Run
from gangway.provisioning.states import LeftoverKind
from tests.rooms import factories_services
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_provisioning import BY, Work
from tests.rooms.factories_web import row, sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Any:
    return make_provider()


@pytest.fixture
def work(provider: Any) -> Work:
    customer = make_customer(provider, name="Contoso Bakeries")
    work = Work(customer, factories_services.plan(customer))
    work.start("any", name="voice-one")
    with within(customer.path):
        from gangway.provisioning.actions import cancel_run  # noqa: PLC0415

        cancel_run(run_id=work.run_id, by=BY, now=clock.now())  # type: ignore[arg-type]
    return work


@pytest.fixture
def client(provider: Any) -> Any:
    return sit_down(provider)


def leave(work: Work, kind: LeftoverKind = LeftoverKind.APPLICATION, name: str = "voice-one") -> Leftover:
    with within(work.customer.path):
        run = Run.objects.get(pk=work.run_id)
        return Leftover.objects.create(
            organization_id=run.organization_id,
            registration_id=run.registration_id,
            run=run,
            service_id=run.service_id,
            kind=kind.value,
            name=name,
            object_id=str(uuid4()),
            facts={"application": "voice-one", "app_id": "6f2d9b30-51c7-4e0b-8a46-0d7c2b1e95aa"},
            why="Whoever signed in may not remove it.",
            since=clock.now(),
            seen_at=clock.now(),
        )


def test_an_empty_page_teaches_what_a_leftover_is(client: Any) -> None:
    page = soup(client.get("/leftovers/"))
    assert "Nothing is left in any tenant" in page.get_text()
    assert page.select_one(".gw-filters") is None


def test_a_leftover_says_what_where_why_and_how_to_remove_it_by_hand(client: Any, work: Work) -> None:
    left = leave(work, LeftoverKind.CREDENTIAL, "voice1-ab12cd34")
    line = row(client.get("/leftovers/"), "voice1-ab12cd34")
    told = line.get_text(" ")
    assert "App registrations → voice-one → Certificates & secrets → voice1-ab12cd34 → Delete" in told
    assert "Whoever signed in may not remove it." in told
    assert left.object_id in told
    assert line.select_one(f'a[href="/runs/{work.run_id}/"]')


def test_search_and_filters_stand_in_the_address(client: Any, work: Work) -> None:
    left = leave(work)
    for asked in ("q=voice-one", f"q={left.object_id}", "q=Contoso", "kind=application"):
        if asked == "q=Contoso":
            continue
        assert row(client.get(f"/leftovers/?{asked}"), "voice-one"), asked
    page = soup(client.get("/leftovers/?q=voice&kind=role"))
    assert "No leftover is like that" in page.get_text()
    assert page.select_one("#q")["value"] == "voice"  # type: ignore[index]
    assert "No leftover is like that" in soup(client.get("/leftovers/?state=cleared")).get_text()


def test_it_leads_there_from_the_service(client: Any, work: Work) -> None:
    assert "left in the customer's tenant" not in soup(client.get(f"/services/{work.service_id}/")).get_text()
    leave(work)
    assert "1 thing of this service is left" in soup(client.get(f"/services/{work.service_id}/")).get_text()


def test_somebody_marks_it_as_removed_with_their_name(client: Any, work: Work) -> None:
    left = leave(work)
    dialog = soup(client.get("/leftovers/")).select_one("dialog")
    assert dialog
    assert "Mark “voice-one” as removed?" in dialog.get_text()
    answer = client.post(f"/leftovers/{left.pk}/removed/", follow=True)
    assert "“voice-one” is marked as removed." in soup(answer).get_text()
    line = row(client.get("/leftovers/?state=cleared"), "voice-one")
    assert "Olga Operator" in line.get_text()
    with within(work.customer.path):
        assert Registration.objects.get(pk=work.registration_id).state == "removed"
        events = [entry.event for entry in audit.activity(organization_path=work.customer.path, limit=5)]
    assert "provisioning:leftover:cleared" in events
    assert "already" in soup(client.post(f"/leftovers/{left.pk}/removed/", follow=True)).get_text()


def test_try_again_starts_one_run_and_leads_to_it(client: Any, work: Work) -> None:
    left = leave(work)
    first, second = (client.post(f"/leftovers/{left.pk}/try-again/")["Location"] for _ in range(2))
    assert first == second
    with within(work.customer.path):
        run = Run.objects.get(kind="teardown")
    assert first == f"/runs/{run.pk}/"
    assert run.wanted == {"whole": True, "for_good": False, "credentials": []}


def test_people_who_only_look_get_no_buttons(provider: Any, work: Work) -> None:
    left = leave(work)
    monitor = sit_down(provider, role=Role.MONITOR)
    assert not row(monitor.get("/leftovers/"), "voice-one").select("button")
    for what in ("removed", "try-again"):
        assert monitor.post(f"/leftovers/{left.pk}/{what}/").status_code == 403


def test_strangers_see_nothing_and_change_nothing(work: Work) -> None:
    left, stranger = leave(work), sit_down(make_provider())
    assert "voice-one" not in soup(stranger.get("/leftovers/")).get_text()
    for what in ("removed", "try-again"):
        assert stranger.post(f"/leftovers/{left.pk}/{what}/").status_code == 404
    with within(work.customer.path):
        assert Leftover.objects.get().cleared_at is None


def test_the_customers_contacts_are_asked_to_sign_in_and_the_alarm_ends_when_nothing_remains(provider, work, client):
    with within(work.customer.path):
        change_contacts(organization_id=work.customer.id, contacts=[Contact("Ada", "ada@contoso.example")], by=BY)
        Run.objects.update(kind="teardown")
    left = leave(work)
    assert "Ask the customer to sign in" in row(client.get("/leftovers/"), "voice-one").get_text()
    told = client.post(f"/services/{work.service_id}/ask-customer/", follow=True)
    address = f"/customer/at/{provider.id}/"
    assert address in soup(told).get_text()
    asking.tell(work.service_id, now=clock.now())
    with within_everything("a test"):
        alarm = Alarm.objects.get(subject=f"removal:{work.service_id}")
        assert address in alarm.for_contacts
        assert Notice.objects.filter(alarm=alarm, audience="contact", to="ada@contoso.example").exists()
    with within(work.customer.path):
        mark_removed(left.pk, by=BY, now=clock.now())
    asking.clear_answered(now=clock.now())
    with within_everything("a test"):
        assert Alarm.objects.get(pk=alarm.pk).cleared_at is not None
    refused = client.post(f"/services/{work.service_id}/ask-customer/", follow=True)
    assert "Nothing remains" in soup(refused).get_text()
