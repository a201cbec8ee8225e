"""Tear-downs that nobody signs in for: requests of a clean one × what can happen to them, as real runs.

By the registration's own right goes the registration itself, or one credential whose rest is over. The emulator's state
judges, and so does what we write down: nothing of ours is there that we don't know, and nothing that we know is gone.
Each write meets everything, each other request one trouble by turns, and a worker dies after each of them.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import requests
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import callers_thread, in_database
from gangway.microsoft.patience import Patience
from gangway.organizations.scope import within
from gangway.provisioning import actions, clouds
from gangway.provisioning.conduct import conduct
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import Credential, Leftover, Registration, Run, StepRecord, TenantLease
from gangway.provisioning.states import HOLDING, RunKind, RunState
from gangway.vault.actions import seal
from gangway.vault.places import Place
from tests.contract.interruptions import EFFECTS, Point, Tally, points_of
from tests.contract.tenant import Killed, Mortal, Tenant
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300)]

SECRET = "provisioning.credential.secret"
OWN_RIGHT = "Application.ReadWrite.OwnedBy"
REQUESTS = {"whole": 5, "single": 6}
"""A clean one's requests; it may grow, never lose a point."""
numbers = count(1)


@dataclass
class Alone:
    """A proved registration that may change itself, in its tenant and here; `gone`: the credential that is to go."""

    tenant: Tenant
    work: Work
    whole: bool
    door: requests.Session
    right: dict[str, str]
    gone: UUID | None = None

    def graph(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.door.request(method, f"{self.tenant.emulator.url}/v1.0/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def secret(self, row: Credential, object_id: str) -> dict[str, Any]:
        """A new secret in the tenant, sealed for a row of ours."""
        made = self.graph("POST", f"applications/{object_id}/addPassword", {"passwordCredential": {}})
        place = Place(row.organization_id, SECRET, row.pk)
        return {"key_id": made["keyId"], "sealed_id": seal(place=place, text=SealedText(made["secretText"]))}

    def begin(self) -> None:
        """As after a set-up, when nothing else ever happened, or when the rest of one more secret is over."""
        self.tenant.control("DELETE", "faults")
        with within(self.work.customer.path):
            runs = Run.objects.filter(kind=RunKind.TEARDOWN.value)
            Leftover.objects.all().delete()
            StepRecord.objects.filter(run__in=runs).delete()
            runs.delete()
            Credential.objects.filter(rest_until__isnull=False).delete()
            TenantLease.objects.update(owner="", expires_at=clock.now() - timedelta(hours=1))
            if self.whole:
                self._make()
            object_id = Registration.objects.get().object_id
            if not self.whole:
                self._rest(object_id)
        self.tenant.control("DELETE", "log")

    def _make(self) -> None:
        self.tenant.control("POST", "reset")
        name = f"gangway-{self.work.registration_id}"
        made = self.graph("POST", "applications", {"displayName": "voice1", "uniqueName": name})
        principal = self.graph("POST", "servicePrincipals", {"appId": made["appId"]})["id"]
        itself = {"@odata.id": f"{self.tenant.emulator.url}/v1.0/directoryObjects/{principal}"}
        self.graph("POST", f"applications/{made['id']}/owners/$ref", itself)
        self.graph(
            "POST", f"servicePrincipals/{principal}/appRoleAssignments", {**self.right, "principalId": principal}
        )
        ids = {"app_id": made["appId"], "object_id": made["id"], "service_principal_id": principal}
        Registration.objects.update(state="proved", proved_at=clock.now(), **ids)
        row = Credential.objects.get()
        Credential.objects.update(state="proved", **self.secret(row, made["id"]))

    def _rest(self, object_id: str) -> None:
        used = Credential.objects.get()
        row = Credential(
            organization_id=used.organization_id,
            registration_id=used.registration_id,
            service_id=used.service_id,
            display_name=f"voice1-{next(numbers):08x}",
            state="resting",
            announced_at=clock.now() - timedelta(days=2),
            rest_until=clock.now() - timedelta(hours=1),
        )
        for name, value in self.secret(row, object_id).items():
            setattr(row, name, value)
        row.save()
        self.gone = row.pk

    def start(self) -> UUID:
        """As the schedule and *Try again* do it; what is under way goes on, and what rests is due."""
        with within(self.work.customer.path):
            Run.objects.filter(look_at__isnull=False).update(look_at=clock.now())
            return actions.start_teardown(
                registration_id=self.work.registration_id,
                service_id=self.work.service_id,
                whole=self.whole,
                credentials=[self.gone] if self.gone else [],
                by=BY,
                now=clock.now(),
            )

    def is_over(self, run_id: UUID) -> bool:
        with within(self.work.customer.path):
            return Run.objects.get(pk=run_id).state == RunState.PROVED.value

    async def attempt(self) -> bool:
        """One worker's go at it; whether it ended well."""
        run_id = await in_database(self.start)
        await conduct(run_id)
        return await in_database(self.is_over, run_id)

    def wrong(self) -> list[str]:
        """What is wrong in the tenant, and in what we hold about it."""
        state = self.tenant.state()
        name = f"gangway-{self.work.registration_id}"
        there = [row["body"] for row in state["objects"].values() if row["body"].get("uniqueName") == name]
        keys = {key["keyId"] for row in there for key in row["passwordCredentials"]}
        kept = [row for row in state["deleted"].values() if row["body"].get("uniqueName") == name]
        with within(self.work.customer.path):
            known = {row.key_id for row in Credential.objects.exclude(state="removed")}
            listed = list(Leftover.objects.filter(cleared_at=None).values_list("kind", flat=True))
            living = Run.objects.filter(state__in=[one.value for one in HOLDING]).count()
            gone = Registration.objects.get().state == "removed"
        found = [f"key {key}" for key in keys ^ known] + ["a run under way"] * living
        found += ["alive"] if self.whole and there else []
        found += ["kept, and not listed"] if kept and not listed else []
        found += ["not called gone"] if self.whole != gone else []
        return found + [f"listed {kind}" for kind in listed if not kept or kind != "deleted_application"]


@pytest.fixture(params=["whole", "single"])
def alone(request: Any, kept: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alone]:
    kept.reset()
    changed = {
        "cloud_login_url": kept.emulator.url,
        "cloud_graph_url": kept.emulator.url,
        "extra_ca_file": kept.cloud.extra_ca_file,
        "propagation_deadline_seconds": 4,
    }
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=changed)
    monkeypatch.setattr(clouds, "patience", lambda: Patience(4, first_wait=0.005, longest_wait=0.1))
    token, work = kept.token(), make_work(choices={"features": {"voice", "self-rotation"}})
    assert work.done(token).state is RunState.PROVED
    plan, rows = pinning.read(work.registration_row().plan), kept.state()["app_role_assignments"].values()
    (role,) = [entry.id for entry in plan.permissions if entry.value == OWN_RIGHT]
    (resource,) = [row["resourceId"] for row in rows if row["appRoleId"] == role]
    right = {"appRoleId": role, "resourceId": resource}
    with kept.emulator.session as door:
        door.headers["Authorization"] = f"Bearer {token.reveal()}"
        yield Alone(kept, work, request.param == "whole", door, right)


def test_what_goes_by_itself_is_gone_whatever_happens_and_nothing_else_is_called_so(alone, monkeypatch):
    with callers_thread():
        async_to_sync(every_point)(alone, monkeypatch)


async def every_point(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "whole" if alone.whole else "single"
    await in_database(alone.begin)
    assert await alone.attempt()
    assert await in_database(alone.wrong) == []
    log = alone.tenant.log()
    assert len(log) >= REQUESTS[name]
    points = points_of({**row, "subrequests": ()} for row in log)
    tallies = [await met(alone, name, points), await killed(alone, name, len(log), monkeypatch)]
    assert [tally.failures for tally in tallies] == [{}, {}]


async def met(alone: Alone, name: str, points: list[Point]) -> Tally:
    """Every trouble at each write, and one by turns at each other request; whoever comes next finishes."""
    tally, effects = Tally(f"tear-down by itself, {name}", {}), list(EFFECTS)
    for place, point in enumerate(points):
        for effect in effects if point.writes else [effects[place % len(effects)]]:
            await in_database(alone.begin)
            alone.tenant.fault("trouble", point.match(1), EFFECTS[effect])
            tally.ended += not await alone.attempt()
            assert [fault["hit"] for fault in alone.tenant.control("GET", "faults")["faults"]] == [1], point
            alone.tenant.control("DELETE", "faults")
            again = await alone.attempt()
            tally.wrong[point, effect] = await in_database(alone.wrong) + ["not finished"] * (not again)
    tally.tell()
    return tally


async def killed(alone: Alone, name: str, requests_made: int, monkeypatch: pytest.MonkeyPatch) -> Tally:
    """Its worker dies as soon as Microsoft did what was asked, and nothing of it is written down."""
    tally, real = Tally(f"tear-down by itself, {name}, killed after the call", {}), clouds.shared
    for number in range(requests_made):
        await in_database(alone.begin)
        mortal = Mortal(await real(alone.tenant.cloud.extra_ca_file), after=number)
        with monkeypatch.context() as patched:
            patched.setattr(clouds, "shared", lambda _file, mortal=mortal: asyncio.sleep(0, mortal))
            with pytest.raises(Killed):
                await alone.attempt()
        await in_database(TenantLease.objects.update, expires_at=clock.now() - timedelta(hours=1))
        again = await alone.attempt()
        tally.wrong[number] = await in_database(alone.wrong) + ["not finished"] * (not again)
    tally.tell()
    return tally
