"""The sign-in application that stays in a tenant after a good end: who is told so, and where it is listed."""

from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.languages.choice import speaking
from gangway.languages.said import said
from gangway.onboarding import staying
from gangway.onboarding.shapes import Step
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import actions, leftover_list, sign_in_application, tasks
from gangway.provisioning.models import Leftover, Waiting
from gangway.provisioning.sign_in_application import Stays
from gangway.provisioning.states import LeftoverKind, RunState, StepState
from gangway.web.views.runs import _facts as run_facts
from tests.contract.tenant import Tenant
from tests.emulator.conftest import avery, grace, riley
from tests.rooms import web_values
from tests.rooms.factories_provisioning import BY, Work, make_work
from tests.rooms.factories_web import in_wizard, soup
from tests.rooms.test_provisioning_rotation import signed_in, start

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """The sign-in application is consented for its administrators."""
    tenant.token(grace)
    return tenant


def waiting(tenant: Tenant, name: str) -> Work:
    """An Application Administrator has done their part."""
    work = make_work()
    assert work.done(tenant.token(avery), name=name).state is RunState.WAITING
    return work


def finished(work: Work, tenant: Tenant) -> Work:
    """A Privileged Role Administrator has done the rest, who may delete no enterprise application."""
    work.resume(tenant.token(riley))
    run_until_idle()
    assert work.run().state is RunState.PROVED
    return work


def stays(work: Work) -> Stays | None:
    with within(work.customer.path):
        assert work.run_id
        return sign_in_application.stays(work.run_id)


def listed() -> list[Leftover]:
    with within_everything("a test"):
        return list(Leftover.objects.filter(kind=LeftoverKind.SIGN_IN_APPLICATION.value, cleared_at=None))


def said_of(work: Work) -> str:
    """What the run's page says of it."""
    with within(work.customer.path):
        return render_to_string("runs/_facts.html", run_facts(work.run()))


def test_while_another_run_waits_it_is_no_step_of_the_one_that_ends_and_the_last_one_removes_it(tenant):
    first, second = waiting(tenant, "voice1"), waiting(tenant, "voice2")
    finished(first, tenant)
    assert [step.label for step in first.run().steps if step.state is StepState.PLANNED] == []
    assert not any(step.kind == "remove_sign_in_application" for step in first.run().steps)
    assert (stays(first), listed()) == (Stays.NEEDED, [])
    assert "Not by this run: others were at work with it in this tenant" in said_of(first)
    second.resume(tenant.token(grace))
    run_until_idle()
    assert (second.run().state, tenant.has_sign_in_application()) == (RunState.PROVED, False)
    assert (stays(second), listed()) == (None, [])
    assert "Yes, its absence was read" in said_of(second)


def test_it_is_listed_when_the_last_ones_time_is_over(tenant):
    first, second = waiting(tenant, "voice1"), waiting(tenant, "voice2")
    finished(first, tenant)
    with within(second.customer.path):
        Waiting.objects.filter(run_id=second.run_id).update(deadline_at=clock.now(), next_check_at=clock.now())
    tasks.take_up_waiting()
    run_until_idle()
    assert (second.run().state, len(listed())) == (RunState.FAILED, 1)
    assert stays(first) is Stays.NEEDED


def test_when_the_last_one_is_cancelled_it_is_listed_and_the_first_says_what_it_knew(tenant):
    first, second = waiting(tenant, "voice1"), waiting(tenant, "voice2")
    finished(first, tenant)
    with within(second.customer.path):
        assert second.run_id
        actions.cancel_run(run_id=second.run_id, by=BY, now=clock.now())
    run_until_idle()
    assert len(listed()) == 1
    assert stays(first) is Stays.NEEDED
    told = staying._STAYS[Stays.NEEDED]
    assert "was still needed in your tenant when this ended" in told
    assert "if it is still there once none of them is at work any more, it has to be removed by hand." in told


def test_of_a_repair_that_failed_nobody_says_that_what_it_left_is_gone(tenant):
    work = make_work()
    work.done(tenant.token())
    signed, plan = signed_in(work, tenant), work.registration_row().plan
    tenant.fault("blocked", {"path": "*/oauth2/v2.0/token"}, {"aadsts": 53003})
    run = start(work, "start_repair", plan=plan, signed_in=signed)
    work.run_id = run.pk
    assert (run.state, tenant.has_sign_in_application(), len(listed())) == (RunState.FAILED, True, 1)
    assert stays(work) is Stays.LEFT
    assert "No, it is in the tenant" in said_of(work)


def test_who_may_not_remove_it_leaves_it_on_the_list_by_its_name(tenant):
    work = finished(waiting(tenant, "voice1"), tenant)
    assert tenant.has_sign_in_application()
    assert stays(work) is Stays.LEFT
    with within(work.customer.path):
        (row,) = leftover_list.leftovers().rows
    assert (row.kind, row.name) == (LeftoverKind.SIGN_IN_APPLICATION, "Sandbox1-sp2-token")
    assert "Sandbox1-sp2-token" in row.portal


def test_the_end_says_so_in_the_administrators_language(monkeypatch):
    words = (
        "The application you signed in to, “Sandbox1-sp2-token”, is still in your tenant: we could not remove it.",
        "To remove it: Microsoft Entra > Enterprise applications > Sandbox1-sp2-token > Properties > Delete.",
    )
    case = replace(web_values.case(Step.DONE), done=replace(web_values.DONE, sign_in_application_stays=words))
    page = in_wizard(monkeypatch, case).get("/wizard/done/")
    assert all(sentence in soup(page).get_text() for sentence in words)
    with speaking("de"):
        assert said(words[0]).endswith("ist noch in Ihrem Mandanten: Wir konnten sie nicht entfernen.")
        assert "Sandbox1-sp2-token > Eigenschaften" in said(words[1])
