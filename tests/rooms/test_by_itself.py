"""What is left and its registration may remove itself is tried again daily, and nothing else is touched."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import by_itself
from gangway.provisioning.by_itself import AT_MOST, DAILY, try_what_needs_nobody
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.states import LeftoverKind, RunKind, RunState
from tests.rooms.factories_provisioning import Work, make_work

pytestmark = pytest.mark.django_db

A_DAY_AGO = timedelta(days=1, minutes=1)


def left_over(*, features: frozenset[str] = frozenset({"voice", "self-rotation"}), **changed: Any) -> Work:
    """A proved registration beside whose credential in use another one was left by a rotation that timed out."""
    work, now = make_work(choices={"features": features}), clock.now()
    work.start("any", name=f"v{work.service_id.hex[:8]}")
    with within(work.customer.path):
        Registration.objects.filter(pk=work.registration_id).update(state="proved", proved_at=now)
        run = Run.objects.get(pk=work.run_id)
        run.kind, run.state, run.token_sealed_id = RunKind.ROTATION.value, RunState.FAILED.value, None
        run.save()
        about = {
            "organization_id": run.organization_id,
            "registration_id": run.registration_id,
            "service_id": run.service_id,
        }
        Credential.objects.create(**about, display_name="voice1-ab12cd34", state="announced", announced_at=now)
        row = {
            "kind": LeftoverKind.CREDENTIAL.value,
            "name": "voice1-ab12cd34",
            "object_id": "voice1-ab12cd34",
            "why": "Microsoft didn't answer.",
            "since": now - A_DAY_AGO,
            "seen_at": now - A_DAY_AGO,
        }
        Leftover.objects.create(**about, run_id=run.pk, **(row | changed))
    return work


def tried(work: Work) -> int:
    try_what_needs_nobody(now=clock.now())
    with within(work.customer.path):
        return Run.objects.filter(kind=RunKind.TEARDOWN.value).count()


def test_it_is_tried_once_a_day():
    work = left_over()
    assert (tried(work), tried(work)) == (1, 1)
    with within(work.customer.path):
        left = Leftover.objects.get()
        assert (clock.now() - left.seen_at < DAILY, left.tries) == (True, 1)
        assert Run.objects.get(kind=RunKind.TEARDOWN.value).wanted["whole"] is False


@pytest.mark.parametrize(
    "otherwise",
    [
        {"features": frozenset({"voice"})},
        {"tries": AT_MOST},
        {"facts": {"by_hand": "yes"}},
        {"facts": {"look": "yes"}},
        {"kind": LeftoverKind.PERMISSION.value},
    ],
    ids=["no right to change itself", "too often", "by hand", "found by a look", "a right"],
)
def test_what_needs_a_person_waits_for_one(otherwise: dict[str, Any]):
    assert tried(left_over(**otherwise)) == 0


def test_those_that_may_not_or_can_not_be_tried_do_not_hold_up_the_others(monkeypatch):
    monkeypatch.setattr(by_itself, "MOST", 1)
    longer = clock.now() - timedelta(days=3)
    left_over(features=frozenset({"voice"}), seen_at=longer)
    by_hand = left_over(name="somebody's own", object_id="unknown to us", seen_at=longer + timedelta(hours=1))
    work = left_over()
    assert (tried(work), tried(work)) == (0, 1)
    with within(by_hand.customer.path):
        assert clock.now() - Leftover.objects.get().seen_at < DAILY


def test_what_rests_for_somebody_is_not_put_aside():
    work = left_over()
    with within(work.customer.path):
        Run.objects.update(kind=RunKind.UPGRADE.value)
    assert tried(work) == 0


@pytest.mark.parametrize(
    ("otherwise", "goes_on"),
    [
        ({}, True),
        ({"on_end": "deletion"}, False),
        ({"state": RunState.NEEDS_SIGN_IN.value}, False),
        ({"wanted": {"whole": True, "for_good": True, "credentials": []}}, False),
        ({"kind": RunKind.REPAIR.value}, False),
    ],
    ids=["failed", "somebody is told", "nobody may", "for good", "no tear-down"],
)
def test_a_whole_registration_goes_on_being_removed_after_a_failure_that_passes(otherwise, goes_on):
    work = left_over()
    with within(work.customer.path):
        wanted = {"whole": True, "for_good": False, "credentials": []}
        Run.objects.update(**{"kind": RunKind.TEARDOWN.value, "wanted": wanted, **otherwise})
        credential = Leftover.objects.get()
        credential.pk, credential.kind, credential.object_id = uuid4(), LeftoverKind.APPLICATION.value, "an object"
        credential.save(force_insert=True)
        try_what_needs_nobody(now=clock.now())
        (run,) = Run.objects.all()
        assert (run.pk, run.state == RunState.QUEUED) == (work.run_id, goes_on)
