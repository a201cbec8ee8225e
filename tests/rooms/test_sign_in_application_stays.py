"""The sign-in application that stays in a tenant after a good end: who is told so, and where it is listed."""

from typing import Any

import pytest

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import actions, leftover_list, sign_in_application
from gangway.provisioning.models import Leftover
from gangway.provisioning.sign_in_application import Stays
from gangway.provisioning.states import LeftoverKind, RunState, StepState
from tests.contract.tenant import Tenant
from tests.emulator.conftest import avery, grace
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

riley = ("riley.roles@contoso.com", "Contoso-Riley-1")


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
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


def test_while_another_run_waits_it_is_no_step_of_the_one_that_ends_and_the_last_one_removes_it(tenant):
    first, second = waiting(tenant, "voice1"), waiting(tenant, "voice2")
    finished(first, tenant)
    assert [step.label for step in first.run().steps if step.state is StepState.PLANNED] == []
    assert not any(step.kind == "remove_sign_in_application" for step in first.run().steps)
    assert (stays(first), listed()) == (Stays.NEEDED, [])
    second.resume(tenant.token(grace))
    run_until_idle()
    assert (second.run().state, tenant.has_sign_in_application()) == (RunState.PROVED, False)
    assert (stays(first), stays(second), listed()) == (None, None, [])


def test_when_the_last_one_is_cancelled_it_is_listed_and_said_of_all(tenant):
    first, second = waiting(tenant, "voice1"), waiting(tenant, "voice2")
    finished(first, tenant)
    with within(second.customer.path):
        assert second.run_id
        actions.cancel_run(run_id=second.run_id, by=BY, now=clock.now())
    run_until_idle()
    assert len(listed()) == 1
    assert stays(first) is Stays.LEFT


def test_who_may_not_remove_it_leaves_it_on_the_list_by_its_name(tenant):
    work = finished(waiting(tenant, "voice1"), tenant)
    assert tenant.has_sign_in_application()
    assert stays(work) is Stays.LEFT
    with within(work.customer.path):
        (row,) = leftover_list.leftovers().rows
    assert (row.kind, row.name) == (LeftoverKind.SIGN_IN_APPLICATION, "Sandbox1-sp2-token")
    assert "Sandbox1-sp2-token" in row.portal
