"""What the journal says of a service's credentials when its registration was proved with one of them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from gangway.foundation import clock
from gangway.foundation.ids import AppId, KeyId, ObjectId
from gangway.jobs.threads import callers_thread
from gangway.microsoft.graph.shapes import Application, Password
from gangway.organizations.scope import within
from gangway.provisioning import opening
from gangway.provisioning.drawing import blueprint_of, journal_of
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.ports import Proofs
from gangway.provisioning.models import Credential
from tests.rooms.factories_provisioning import Work, make_work

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def work() -> Work:
    work = make_work()
    work.start("t")
    return work


def credential(work: Work, name: str, **about: Any) -> Credential:
    given = {"state": "made", "sealed_id": uuid4(), "key_id": name, "announced_at": clock.now() - HOUR} | about
    return Credential.objects.create(
        organization_id=work.customer.id,
        registration_id=work.registration_id,
        service_id=work.service_id,
        display_name=name,
        **given,
    )


def proved(work: Work, *, looked: bool = True) -> dict[str, str]:
    """The states of the credentials, by name, after a proof; those with a key id are listed in the tenant."""
    rows = Credential.objects.order_by("announced_at")
    held = tuple(Held(str(row.pk), row.display_name, KeyId(row.key_id) if row.key_id else None) for row in rows)
    keys = tuple(Password(one.key_id, one.display_name, None) for one in held if one.key_id)
    there = Application(ObjectId("o"), AppId("a"), "voice1", "gangway-1", passwords=keys)
    opened = opening.open_run(work.run_id, owner="worker", now=clock.now())
    journal = journal_of(opened, blueprint_of(opened))
    with callers_thread():
        seen = Observation(application=there, held=held) if looked else Observation()
        async_to_sync(journal.proved)(seen, Proofs({}))
    return dict(Credential.objects.values_list("display_name", "state"))


@pytest.mark.parametrize("looked", [True, False])
def test_only_the_credential_that_signed_in_counts_as_proved(work, looked):
    with within(work.customer.path):
        credential(work, "first")
        credential(work, "second", announced_at=clock.now())
        assert proved(work, looked=looked) == {"first": "proved", "second": "made"}


@pytest.mark.parametrize("looked", [True, False])
def test_what_was_announced_long_ago_and_is_not_there_was_never_made(work, looked):
    with within(work.customer.path):
        credential(work, "used")
        for name, announced_at in {"old": clock.now() - HOUR, "young": clock.now()}.items():
            credential(work, name, state="announced", key_id="", sealed_id=None, announced_at=announced_at)
        states = proved(work, looked=looked)
    assert states == {"used": "proved", "old": "removed" if looked else "announced", "young": "announced"}
