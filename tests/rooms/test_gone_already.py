"""What isn't in the tenant any more, whoever took it away, is gone here too: nothing is tried for ever."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within
from gangway.provisioning import actions, switching, undoing
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.teardown import TornDown
from gangway.provisioning.errors import NobodyToRemove
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.states import LeftoverKind
from gangway.vault.actions import seal
from gangway.vault.models import Sealed
from gangway.vault.places import Place as SealedPlace
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def customer() -> Place:
    customer = make_customer()
    connected(customer)
    return customer


def beside(customer: Place, **about: Any) -> Credential:
    """Another credential of ours beside the one in use."""
    used, row_id = Credential.objects.get(), uuid4()
    text = seal(place=SealedPlace(customer.id, "provisioning.credential.secret", row_id), text=SealedText("old"))
    given = {"state": "resting", "rest_until": clock.now() - HOUR, "key_id": str(row_id), "sealed_id": text}
    return Credential.objects.create(
        pk=row_id,
        organization_id=customer.id,
        registration_id=used.registration_id,
        service_id=used.service_id,
        display_name="voice-1-old",
        **({"announced_at": clock.now() - HOUR} | given | about),
    )


def tear_down_finds(monkeypatch: pytest.MonkeyPatch, *left: Left) -> None:
    async def found(_opened: Any) -> TornDown:
        return TornDown(left=left)

    monkeypatch.setattr(undoing, "tear_down", found)


def remove_what_rested() -> int:
    switching.remove_what_rested(now=clock.now())
    run_until_idle()
    return Run.objects.filter(kind="teardown").count()


def test_a_credential_that_somebody_else_removed_while_it_rested_is_looked_for_once(customer, monkeypatch):
    tear_down_finds(monkeypatch)
    with within(customer.path):
        old = beside(customer)
        assert (remove_what_rested(), remove_what_rested()) == (1, 1)
        used, gone = Credential.objects.order_by("-announced_at")
        assert (used.state, gone.pk, gone.state) == ("proved", old.pk, "removed")
        assert Sealed.objects.get(pk=old.sealed_id).ciphertext is None


def test_one_that_is_left_is_not_taken_for_gone(customer, monkeypatch):
    with within(customer.path):
        old = beside(customer)
        tear_down_finds(monkeypatch, Left(LeftoverKind.CREDENTIAL, old.display_name, old.key_id))
        remove_what_rested()
        old.refresh_from_db()
        assert old.state == "resting"
        assert Sealed.objects.get(pk=old.sealed_id).ciphertext is not None


def test_what_somebody_typed_goes_with_the_registration_that_we_made(customer, monkeypatch):
    tear_down_finds(monkeypatch)
    with within(customer.path):
        Connection.objects.update(registration_id=uuid4(), credential_id=uuid4())
        Credential.objects.update(state="removed")
        typed = beside(customer, origin="given", key_id="")
        assert (remove_what_rested(), remove_what_rested()) == (1, 1)
        typed.refresh_from_db()
        assert (typed.state, Registration.objects.get().state) == ("removed", "removed")
        assert Sealed.objects.get(pk=typed.sealed_id).ciphertext is None


def test_a_registration_that_only_a_person_can_remove_is_not_tried_again_by_the_schedule(customer, monkeypatch):
    async def refused(_opened: Any) -> TornDown:
        raise NobodyToRemove

    monkeypatch.setattr(undoing, "tear_down", refused)
    with within(customer.path):
        Connection.objects.update(registration_id=uuid4(), credential_id=uuid4())
        Credential.objects.update(state="removed")
        beside(customer, origin="given", key_id="")
        assert (remove_what_rested(), remove_what_rested()) == (1, 1)
        assert [(run.state, run.attempt) for run in Run.objects.filter(kind="teardown")] == [("needs_sign_in", 1)]


@pytest.mark.parametrize(("age", "state"), [(HOUR, "removed"), (0 * HOUR, "announced")])
def test_a_leftover_that_was_never_made_leaves_the_list_once_microsofts_copies_agree(customer, monkeypatch, age, state):
    tear_down_finds(monkeypatch)
    with within(customer.path):
        lost = beside(customer, state="announced", rest_until=None, key_id="", announced_at=clock.now() - age)
        try_again(customer, lost)
        lost.refresh_from_db()
        assert (lost.state, Leftover.objects.filter(cleared_at=None).count()) == (state, int(state == "announced"))


def try_again(customer: Place, lost: Credential) -> UUID:
    about = {"organization_id": customer.id, "registration": Registration.objects.get(), "service_id": lost.service_id}
    now = clock.now()
    run = Run.objects.create(**about, kind="rotation", state="failed", queued_at=now, created_at=now)
    named = {"kind": LeftoverKind.CREDENTIAL.value, "name": lost.display_name, "object_id": lost.display_name}
    row = Leftover.objects.create(**about, **named, run=run, since=now, seen_at=now)
    run_id = actions.try_again(leftover_id=row.pk, by=SETUP, now=now)
    run_until_idle()
    return run_id
