"""The sign-in application stays for whoever works with it, and the last one either removes it or lists it."""

import pytest

from gangway.foundation import clock
from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.graph.shapes import ServicePrincipal
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import actions, leftover_list, leftovers, sign_in_application
from gangway.provisioning.engine.goodbye import sign_in_application_left
from gangway.provisioning.models import Leftover, Run
from tests.rooms.factories_onboarding import register
from tests.rooms.factories_organizations import make_provider
from tests.rooms.factories_provisioning import BY, CLIENT, Work, facts, make_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def works() -> list[Work]:
    """Three customers at work in one tenant."""
    made = [make_work() for _ in range(3)]
    for number, work in enumerate(made):
        work.start("any", name=f"voice{number}")
    return made


def cancel(work: Work) -> None:
    with within(work.customer.path):
        assert work.run_id
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def listed() -> list[str]:
    with within_everything("a test"):
        return list(Leftover.objects.filter(cleared_at=None).values_list("facts__app_id", flat=True))


def test_it_is_listed_when_the_last_run_of_the_tenant_leaves_it_and_cleared_when_any_sees_it_gone(works):
    first, second, third = works
    cancel(first)
    cancel(second)
    assert listed() == []
    cancel(third)
    assert listed() == [CLIENT]
    first.start("any", name="again")
    with within(first.customer.path):
        run = Run.objects.get(pk=first.run_id)
        sign_in_application.note(run, "yes", by=BY, now=clock.now())
    assert listed() == []


def test_it_is_listed_by_the_name_that_microsofts_pages_show(works):
    register(make_provider())
    for work in works:
        cancel(work)
    with within_everything("a test"):
        (row,) = leftover_list.leftovers().rows
    assert row.name.endswith("-token")
    assert row.portal[-3] == row.name


def test_somebody_who_signed_in_and_has_not_started_yet_needs_it(works, monkeypatch):
    asked = []
    monkeypatch.setattr(sign_in_application, "NEEDS", [lambda *about: bool(asked.append(about)) or True])
    for work in works:
        cancel(work)
    assert (listed(), asked) == ([], [(facts().tenant_id, CLIENT)])


def test_whoever_saw_its_enterprise_application_lists_the_same_thing(works):
    for work in works:
        cancel(work)
    with within(works[2].customer.path):
        run, principal = Run.objects.get(pk=works[2].run_id), ServicePrincipal(ObjectId("a principal"), CLIENT, "It")
        leftovers.write(run, [sign_in_application_left(AppId(CLIENT), principal)], by=BY, now=clock.now())
    assert listed() == [CLIENT]


def test_a_run_that_is_put_aside_while_it_waits_leaves_it_on_the_list(works):
    for work in works[1:]:
        cancel(work)
    (waiting, *_) = works
    with within(waiting.customer.path):
        Run.objects.update(state="waiting", token_sealed_id=None)
        about = {"registration_id": waiting.registration_id, "service_id": waiting.service_id}
        actions.start_teardown(**about, whole=True, by=BY, now=clock.now())
    assert listed() == [CLIENT]


def test_a_plan_that_keeps_it_leaves_nothing_to_list(works):
    for work in works:
        with within(work.customer.path):
            registration = work.registration_row()
            registration.plan["keep_sign_in_application"] = True
            registration.save(update_fields=["plan"])
        cancel(work)
    assert listed() == []


def test_who_begins_anew_in_another_tenant_leaves_it_in_the_first_one(works):
    for work in works[1:]:
        cancel(work)
    (moved, *_) = works
    with within(moved.customer.path):
        Run.objects.update(state="needs_sign_in", token_sealed_id=None)
    moved.start("any", signer=facts(tenant_id="another tenant"))
    with within_everything("a test"):
        assert list(Leftover.objects.values_list("facts__tenant_id", flat=True)) == [facts().tenant_id]
