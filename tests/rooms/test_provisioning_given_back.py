"""A run that is undone gives back what was there before it, and nothing by which another service lives."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import actions, leaving, remains
from gangway.provisioning.engine.pinning import pin, read
from gangway.provisioning.errors import UsedAgain
from gangway.provisioning.models import Credential, Leftover, Registration, Run, StepRecord
from gangway.provisioning.states import LeftoverKind, RunKind, RunState
from tests.rooms import factories_services
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = pytest.mark.django_db

OLD, NEW = pin(profile="teams-voice", version=1), pin(profile="teams-voice", version=2)


def proved(version: int) -> Work:
    """A service whose set-up is proved and gave all rights of its plan; nobody has added it."""
    work = make_work(version=version)
    work.start("any")
    end(work, str(work.run_id))
    with within(work.customer.path):
        credential(work, work.service_id, announced_at=clock.now() - timedelta(days=1))
    return work


def end(work: Work, run_id: Any) -> None:
    """The run gave all rights of its registration's plan, and is proved."""
    with within(work.customer.path):
        run, now = Run.objects.select_related("registration").get(pk=run_id), clock.now()
        for number, entry in enumerate(read(run.registration.plan).permissions):
            about = {"kind": "grant_permission", "key": f"grant:{entry.value}", "label": entry.value, "state": "done"}
            StepRecord.objects.create(
                organization_id=run.organization_id, run=run, number=number, intent_at=now, done_at=now, **about
            )
        run.state, run.token_sealed_id = RunState.PROVED.value, None
        run.save()
        Registration.objects.filter(pk=run.registration_id).update(state="proved", proved_at=now, app_id="an app")


def used_by_another(work: Work) -> None:
    other = factories_services.plan(work.customer)
    with within(work.customer.path):
        credential(work, other, announced_at=clock.now())


def credential(work: Work, service_id: UUID, **about: Any) -> None:
    Credential.objects.create(
        organization_id=work.customer.id,
        registration_id=work.registration_id,
        service_id=service_id,
        display_name=f"{service_id}",
        key_id=f"{service_id}",
        kind="federated",
        state="proved",
        **about,
    )


def undone(work: Work, run_id: Any) -> list[dict[str, Any]]:
    """What the tear-downs want that undo a run."""
    with within(work.customer.path):
        leaving.undo_proved(run_id=run_id, by=BY, now=clock.now())
        return [run.wanted for run in Run.objects.filter(kind=RunKind.TEARDOWN.value)]


def reach(work: Work, plan: dict[str, Any]) -> Any:
    with within(work.customer.path):
        about = {"registration_id": work.registration_id, "service_id": work.service_id, "by": BY, "now": clock.now()}
        return actions.start_repair(plan=plan, **about)


def names(plan: dict[str, Any]) -> set[str]:
    return {entry.id for entry in read(plan).permissions}


def test_rights_by_which_another_service_lives_are_neither_taken_away_nor_offered_as_left_over():
    work = proved(2)
    used_by_another(work)
    assert undone(work, work.run_id) == []
    with within(work.customer.path):
        row = Leftover.objects.create(
            organization_id=work.customer.id,
            registration_id=work.registration_id,
            run_id=work.run_id,
            service_id=work.service_id,
            kind=LeftoverKind.PERMISSION.value,
            name=next(entry.value for entry in read(NEW).permissions if entry.stage == "always"),
            object_id="a grant",
            why="Nobody signed in.",
            since=clock.now(),
            seen_at=clock.now(),
        )
        assert remains.remains_of(work.service_id) == ()
        with pytest.raises(UsedAgain):
            actions.try_again(leftover_id=row.pk, by=BY, now=clock.now())


def test_an_upgrade_that_is_undone_gives_the_plan_back_and_takes_only_what_that_lacked():
    work = proved(1)
    run_id = reach(work, NEW)
    end(work, run_id)
    (wanted,) = undone(work, run_id)
    assert set(wanted["permissions"]) == names(NEW) - names(OLD) != set()
    assert work.registration_row().plan == OLD


def test_one_that_rests_is_undone_likewise_and_its_next_try_still_knows_the_plan_before():
    work = proved(1)
    first = reach(work, NEW)
    with within(work.customer.path):
        Run.objects.filter(pk=first).update(state=RunState.FAILED.value)
    again = reach(work, NEW | {"credential": {**NEW["credential"], "days": 90, "chosen": True}})
    end(work, again)
    undone(work, again)
    assert work.registration_row().plan == OLD


def test_a_repair_that_is_undone_takes_none_of_the_rights_that_its_plan_needs():
    work = proved(2)
    run_id = reach(work, NEW)
    end(work, run_id)
    kept = {entry.id for entry in read(NEW).permissions if entry.stage == "always"}
    assert not [one for one in undone(work, run_id) if kept & set(one.get("permissions", ()))]


def test_a_tear_down_that_puts_an_upgrade_aside_gives_its_plan_back_and_lists_what_it_added():
    work = proved(1)
    run_id = reach(work, NEW)
    end(work, run_id)
    with within(work.customer.path):
        Run.objects.filter(pk=run_id).update(state=RunState.WAITING.value)
        about = {"registration_id": work.registration_id, "service_id": work.service_id, "by": BY, "now": clock.now()}
        actions.start_teardown(whole=False, **about)
        listed = set(Leftover.objects.filter(kind=LeftoverKind.PERMISSION.value).values_list("object_id", flat=True))
    assert listed == names(NEW) - names(OLD)
    assert work.registration_row().plan == OLD
