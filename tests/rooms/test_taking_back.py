"""What nobody wants any more is taken back as soon as nothing else is at work on it."""

import pytest

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within
from gangway.provisioning import in_use
from gangway.provisioning.models import Registration, Run
from gangway.provisioning.states import RunKind, RunState
from gangway.provisioning.taking_back import take_back
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def work() -> Work:
    """A proved registration on which somebody is at work."""
    work = make_work()
    work.start("any")
    with within(work.customer.path):
        Registration.objects.update(state="proved", proved_at=clock.now())
        run = Run.objects.get(pk=work.run_id)
        run.state, run.token_sealed_id = RunState.PROVED.value, None
        run.save()
        run.pk, run.kind, run.state = None, RunKind.AUDIT.value, RunState.RUNNING.value
        run.save(force_insert=True)
    return work


def taken_back(work: Work) -> list[bool]:
    with within(work.customer.path):
        return list(Run.objects.filter(kind=RunKind.TEARDOWN.value).values_list("wanted__whole", flat=True))


def withdrawn_while_at_work(work: Work) -> None:
    with within(work.customer.path):
        assert work.run_id
        take_back(work.run_id, by=BY, now=clock.now())
        assert taken_back(work) == []
        Run.objects.filter(kind=RunKind.AUDIT.value).update(state=RunState.PROVED.value)


def test_a_withdrawal_that_meets_another_run_comes_back_when_that_is_over(work):
    withdrawn_while_at_work(work)
    run_until_idle(waits_over=True)
    assert taken_back(work) == [True]


def test_what_was_taken_into_use_meanwhile_stays(work, monkeypatch):
    withdrawn_while_at_work(work)
    monkeypatch.setattr(in_use, "USES", [lambda _registration: frozenset({work.service_id})])
    run_until_idle(waits_over=True)
    assert taken_back(work) == []
