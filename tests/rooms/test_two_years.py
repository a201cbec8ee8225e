"""Two years of connections in a minute: our clock and the emulator's moved together by one offset.

One connection may renew itself, the other one can't; a third has call quality beside it, and its service is deleted in
the end. Each rotation, each warning, a lost consent, a deleted registration, a policy that changes and an outage are
asserted by state and by what people were told.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.core import mail as outgoing

from gangway.alarms import queries as alarms
from gangway.connections import actions, adopting, companions, fleet, policy, tending
from gangway.connections.farewells import farewell
from gangway.connections.models import Care, Connection, Validation, Warned
from gangway.connections.schedule import Wishes
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.jobs.testing import let_time_pass, run_until_idle
from gangway.onboarding import deletion
from gangway.organizations import changing, people
from gangway.organizations.details import Contact
from gangway.organizations.models import Membership
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import tasks as provisioning_tasks
from gangway.provisioning.leftovers import mark_removed
from gangway.provisioning.models import Credential, Leftover
from gangway.provisioning.states import RunState
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from tests.contract.tenant import Tenant
from tests.contract.test_credential_kinds import forbid
from tests.emulator.conftest import Emulator
from tests.rooms.factories_organizations import SETUP, Place, make_operator
from tests.rooms.factories_provisioning import BY, Work
from tests.rooms.test_provisioning_rotation import connected, keys_there, secrets

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]
DAY = timedelta(days=1)
CONTACT, SUCCESSOR = "it@contoso.example", "new@contoso.example"


@dataclass
class Time:
    """The one offset that every process reads, and the emulator's clock beside it."""

    tenant: Tenant
    environment: pytest.MonkeyPatch
    offset: timedelta = timedelta(0)
    told: list[tuple[int, str, str]] = field(default_factory=list)
    began: datetime = field(default_factory=clock.now)

    @property
    def day(self) -> int:
        """Days since the beginning."""
        return (clock.now() - self.began).days

    def pass_days(self, days: int, *, step: int = 1, look_every: int = 14) -> None:
        """Let workers do what they do each day; validations of the fleet are let through every two weeks only."""
        for _ in range(0, days, step):
            for _half in range(2 if look_every == 1 else 1):
                self.move(step * DAY / (2 if look_every == 1 else 1))
                self.work(looks=self.day % look_every < step)
        self.work(looks=False)  # what a look of the last hour found is acted on in the next round

    def work(self, *, looks: bool = True) -> None:
        """One round of the periodic work."""
        now = clock.now()
        adopting.adopt_new(now=now)
        tending.tend_due(now=now)
        if looks:
            fleet.validate_due(now=now)
            companions.validate_due(now=now)
        provisioning_tasks.remove_rested()
        deletion.go_on(now=now)
        run_until_idle()
        self.told += [(self.day, mail.to[0], mail.subject) for mail in outgoing.outbox]
        outgoing.outbox.clear()

    def move(self, by: timedelta) -> None:
        """Move both clocks; what jobs wait for is over by then."""
        self.offset += by
        let_time_pass()
        self.environment.setenv(clock.OFFSET_VARIABLE, str(self.offset.total_seconds()))
        self.tenant.control("POST", "clock", json={"advance": by.total_seconds()})

    def to(self, address: str, since: int = 0) -> list[tuple[int, str]]:
        """What an address was told from a day on: day and subject."""
        return [(day, subject) for day, to, subject in self.told if to == address and day >= since]


@pytest.fixture
def time(process: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    tenant = Tenant(process)
    tenant.reset()
    changed = {
        "cloud_login_url": process.url,
        "cloud_graph_url": process.url,
        "extra_ca_file": tenant.cloud.extra_ca_file,
        "propagation_deadline_seconds": 1,
        "mail_retry_seconds": (0, 0),
    }
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=changed)
    yield Time(tenant, monkeypatch)
    tenant.control("DELETE", "faults")
    tenant.control("POST", "clock", json={"reset": True})
    tenant.close()


def in_use(time: Time, *, rotates: bool, **choices: Any) -> Work:
    """A created service of a customer with a contact; the contact's mails are what is counted."""
    work = connected(time.tenant, rotates=rotates, **choices)
    with within_everything("a test"):
        changing.change_contacts(organization_id=work.customer.id, contacts=[Contact("", CONTACT)], by=SETUP)
    return work


def care(work: Work) -> Care:
    with within(work.customer.path):
        return Care.objects.select_related("connection").get(connection__service_id=work.service_id)


def status(work: Work) -> str:
    with within(work.customer.path):
        return Connection.objects.get(service_id=work.service_id).status


def open_alarms(work: Work) -> dict[str, str]:
    with within(work.customer.path):
        return {row.kind: row.severity for row in alarms.open_for(work.service_id)}


def graph(time: Time, method: str, path: str) -> Any:
    """What the customer's administrator does in their own portal."""
    headers = {"Authorization": f"Bearer {time.tenant.token().reveal()}"}
    answer = time.tenant.emulator.session.request(method, f"{time.tenant.emulator.url}/v1.0{path}", headers=headers)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def test_a_connection_that_may_renews_itself_for_two_years_and_nobody_has_to_do_anything(time):
    work = in_use(time, rotates=True)
    time.pass_days(2, look_every=1)
    assert care(work).rotation == Rotation.PLANNED
    life = round((secrets(work)[0].expires_at - time.began) / DAY)
    time.pass_days(730, step=8, look_every=60)
    rows = secrets(work)
    made_on = [(row.made_at - time.began).days for row in rows]
    gaps = [later - earlier for earlier, later in pairwise(made_on)]
    assert len(rows) == 730 // (life - 30) + 1
    assert all(life - 34 <= gap <= life - 26 for gap in gaps), gaps
    assert [row.state for row in rows] == ["removed"] * (len(rows) - 1) + ["proved"]
    assert keys_there(time.tenant) == {rows[-1].key_id}
    announced = [subject for _day, subject in time.to(CONTACT)]
    assert len(announced) == len(gaps)
    assert all("is renewed on" in subject for subject in announced)
    assert open_alarms(work) == {}
    assert status(work) == "ok"
    with within(work.customer.path):
        assert not Warned.objects.exists()
        assert Validation.objects.filter(asked_by=fleet.FLEET.name).count() >= 10


def test_one_that_can_not_is_warned_of_at_each_threshold_once_whoever_leaves_and_renewal_ends_it(time):
    work = in_use(time, rotates=False)
    leaver = make_operator(provider(work), name="Leo Leaver")
    make_operator(provider(work))
    time.move(timedelta(hours=1))
    time.work()
    life = round((secrets(work)[0].expires_at - time.began) / DAY)
    time.pass_days(life - 66, step=10, look_every=100)
    assert (time.told, open_alarms(work)) == ([], {})
    time.pass_days(46, step=1, look_every=100)
    leave(work, leaver)
    time.pass_days(22, step=1, look_every=100)
    days = [[life - day for day, _subject in time.to(one)] for one in (CONTACT, SUCCESSOR)]
    assert days[0] == [60, 30]
    assert days[1][1:] == [14, 7, 3, 1, 0], "and before that, as soon as they were named"
    with within(work.customer.path):
        assert sorted(Warned.objects.values_list("days", flat=True)) == [0, 1, 3, 7, 14, 30, 60]
    operators = [(to, subject) for _day, to, subject in time.told if to not in {CONTACT, SUCCESSOR}]
    assert sorted(Counter(to for to, _subject in operators).values()) == [2, 7]
    assert "nothing can be managed until it is renewed" in operators[-1][1]
    assert open_alarms(work)["credential_ends"] == "critical"
    renew(work)
    time.work()
    assert "credential_ends" not in open_alarms(work)


def leave(work: Work, operator_id: UUID) -> None:
    """An operator and the customer's contact leave; somebody is named in the contact's place."""
    with within_everything("a test"):
        people.remove(Membership.objects.get(operator_id=operator_id).pk, by=SETUP, seat=None)
        changing.change_contacts(organization_id=work.customer.id, contacts=[Contact("", SUCCESSOR)], by=SETUP)


def with_call_quality(time: Time, work: Work) -> Work:
    """What the service uses beside its connection, by a certificate that is renewed without a right."""
    chosen = {"profile": "qoe", "features": {"call-quality"}, "credential_kind": "certificate"}
    quality = replace(work, registration_id=uuid4(), version=1, choices=chosen)
    assert quality.done(time.tenant.token(), name="voice1-QoE").state is RunState.PROVED
    with within(work.customer.path):
        companions.take_over(
            service_id=work.service_id,
            organization_id=work.customer.id,
            registration_id=quality.registration_id,
            profile="qoe",
            by=SETUP,
            now=clock.now(),
        )
    return quality


def applications_there(time: Time) -> set[str]:
    """The application ids of our registrations in the tenant."""
    rows = [row["body"] for row in time.tenant.state()["objects"].values()]
    return {row["appId"] for row in rows if str(row.get("uniqueName") or "").startswith("gangway-")}


def provider(work: Work) -> Place:
    with within_everything("a test"):
        found = provider_of(work.customer.id)
    return Place(found.id, found.path)


def renew(work: Work) -> None:
    """Somebody signed in and another credential was made: as far as this room sees."""
    with within(work.customer.path):
        now = clock.now()
        Credential.objects.filter(registration_id=work.registration_id).update(expires_at=now + 365 * DAY, made_at=now)
        Care.objects.update(tend_at=now)


def test_what_happens_to_a_connection_is_seen_told_and_over_again(time):
    work = in_use(time, rotates=True)
    time.pass_days(2, look_every=1)

    # An administrator takes the consent back.
    principal = work.registration().service_principal_id
    given = graph(time, "GET", f"/servicePrincipals/{principal}/appRoleAssignments")["value"]
    for row in given:
        graph(time, "DELETE", f"/servicePrincipals/{principal}/appRoleAssignments/{row['id']}")
    time.pass_days(2, look_every=1)
    assert status(work) == "error"
    assert open_alarms(work)["connection"] == "critical"
    assert len(time.to(CONTACT)) == 1
    time.pass_days(3, look_every=1)
    assert len(time.to(CONTACT)) == 1, "the same thing is told once"
    for row in given:
        body = {key: row[key] for key in ("principalId", "resourceId", "appRoleId")}
        headers = {"Authorization": f"Bearer {time.tenant.token().reveal()}"}
        address = f"{time.tenant.emulator.url}/v1.0/servicePrincipals/{principal}/appRoleAssignments"
        time.tenant.emulator.session.post(address, json=body, headers=headers).raise_for_status()
    time.pass_days(1, look_every=1)
    assert (status(work), open_alarms(work)) == ("ok", {})
    assert ["It is over" in subject for _day, subject in time.to(CONTACT)] == [False, True]

    # Microsoft is away for three days: unknown, never OK, and after a day somebody is told.
    time.tenant.fault("away", {"path": "*/oauth2/v2.0/token"}, {"status": 503})
    time.pass_days(1, look_every=1)
    assert (status(work), open_alarms(work).get("connection")) == ("unknown", None)
    time.pass_days(2, look_every=1)
    assert (status(work), open_alarms(work)["connection"]) == ("unknown", "warning")
    time.tenant.control("DELETE", "faults")
    time.pass_days(1, look_every=1)
    assert (status(work), open_alarms(work)) == ("ok", {})

    # The tenant forbids secrets: the rotation goes round it.
    asyncio.run(forbid(time.tenant, "passwordCredentials", {"restrictionType": "passwordAddition"}))
    time.pass_days(150, step=10, look_every=200)
    *_, newest = secrets(work)
    assert (newest.kind, newest.state) == ("certificate", "proved")
    with within(work.customer.path):
        assert Connection.objects.get(service_id=work.service_id).credential_id == newest.pk

    # It is suspended: no look, no alarm, no rotation, and the credential stays.
    with within(work.customer.path):
        actions.suspend(service_id=work.service_id, by=BY, now=clock.now())
        Care.objects.update(tend_at=clock.now())
    told = len(time.told)
    time.pass_days(60, step=20, look_every=1)
    assert (care(work).rotation, open_alarms(work), len(time.told)) == (Rotation.NONE, {}, told)
    with within(work.customer.path):
        actions.resume(service_id=work.service_id, by=BY, now=clock.now())
        Care.objects.update(tend_at=clock.now())
    time.work()
    assert status(work) == "ok"

    # Somebody deletes the registration.
    graph(time, "DELETE", f"/applications/{work.registration().object_id}")
    time.pass_days(1, look_every=1)
    assert status(work) == "error"
    assert open_alarms(work)["connection"] == "critical"
    time.pass_days(170, step=34, look_every=10)
    assert status(work) == "error"
    assert set(open_alarms(work)) >= {"connection", "credential_ends"}


def test_call_quality_is_looked_after_beside_it_and_all_of_it_goes_when_the_service_is_deleted(time):
    work = in_use(time, rotates=True)
    quality = with_call_quality(time, work)
    with within(work.customer.path):
        name = service(work.service_id).short_name
    time.pass_days(2, look_every=1)
    time.pass_days(728, step=14, look_every=56)
    rows = secrets(quality)
    assert [row.state for row in rows] == ["removed"] * (len(rows) - 1) + ["proved"]
    assert len(rows) > 2
    assert {row.kind for row in rows} == {"certificate"}
    assert open_alarms(work) == {}

    # An administrator takes one permission of it back: calling is well, and the other one is told of by its own name.
    principal = quality.registration().service_principal_id
    given = graph(time, "GET", f"/servicePrincipals/{principal}/appRoleAssignments")["value"]
    graph(time, "DELETE", f"/servicePrincipals/{principal}/appRoleAssignments/{given[0]['id']}")
    time.pass_days(2, look_every=1)
    with within(work.customer.path):
        beside = companions.companion(work.service_id, "qoe")
        about = {row.about for row in alarms.open_for(work.service_id)}
    assert about == {f"{name} (Call quality of Microsoft Teams)"}
    assert (status(work), beside.status) == ("ok", "error")

    # The service is deleted: a week to think it over, then what may go by itself goes, and the rest is a person's.
    with within(work.customer.path):
        deletion.delete_service(service_id=work.service_id, typed=name, by=SETUP, now=clock.now())
    told = len(time.told)
    time.pass_days(6, look_every=1)
    assert (open_alarms(work), len(time.told)) == ({}, told)
    assert work.registration().app_id in applications_there(time)
    time.pass_days(2, look_every=1)
    assert applications_there(time) == {quality.registration().app_id}
    with within(work.customer.path):
        assert service(work.service_id).lifecycle is Lifecycle.DELETING
    graph(time, "DELETE", f"/applications/{quality.registration().object_id}")
    with within(work.customer.path):
        for row in Leftover.objects.filter(registration_id=quality.registration_id, cleared_at__isnull=True):
            mark_removed(leftover_id=row.pk, by=SETUP, now=clock.now())
    time.pass_days(1)
    with within(work.customer.path):
        assert service(work.service_id).lifecycle is Lifecycle.DELETED
        assert "voice1-QoE" in farewell(work.service_id).text


def in_pim(time: Time, work: Work, action: str, *, days: int) -> None:
    """What the customer's administrator does in Privileged Identity Management with the registration's roles."""
    headers = {"Authorization": f"Bearer {time.tenant.token().reveal()}"}
    address = f"{time.tenant.emulator.url}/v1.0/roleManagement/directory/roleAssignmentScheduleRequests"
    for row in list(time.tenant.state()["settings"]["roleScheduleRequests"]):
        if row["principalId"] != work.registration().service_principal_id or row["action"] != "adminAssign":
            continue
        wanted = {key: row[key] for key in ("principalId", "roleDefinitionId", "directoryScopeId")}
        expiration = {"type": "afterDuration", "duration": f"P{days}D"}
        schedule = {"startDateTime": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}", "expiration": expiration}
        body = {"action": action, "justification": "Calling goes on.", "scheduleInfo": schedule, **wanted}
        time.tenant.emulator.session.post(address, json=body, headers=headers).raise_for_status()


def test_roles_that_pim_gives_are_told_of_as_a_secrets_end_is_and_whoever_extends_them_ends_it(time):
    work = in_use(time, rotates=True, role_days=60)
    time.pass_days(28, step=7, look_every=7)
    assert (time.to(CONTACT), open_alarms(work)) == ([], {})
    time.pass_days(24, look_every=1)
    ends = 60
    told = [(ends - day, subject) for day, subject in time.to(CONTACT)]
    assert [left for left, _subject in told] == [30, 14]
    assert all("directory roles end in" in subject for _left, subject in told)
    assert open_alarms(work) == {"roles_end": "warning"}

    # An administrator extends them in PIM, and nobody tells us: the next look sees it.
    in_pim(time, work, "adminExtend", days=60)
    extended_on = time.day
    time.pass_days(1, look_every=1)
    assert open_alarms(work) == {}
    assert "It is over" in time.to(CONTACT, since=extended_on)[0][1]
    assert status(work) == "ok"
    time.pass_days(22, look_every=11)
    time.pass_days(40, look_every=1)
    again = [(extended_on + 60 - day, subject) for day, subject in time.to(CONTACT, since=extended_on + 2)]
    assert [left for left, _subject in again] == [30, 14, 7, 3, 1, 0]
    assert "2 things about your Microsoft 365 connection" in again[-1][1]
    assert open_alarms(work) == {"roles_end": "critical", "connection": "critical", "drift": "notice"}
    assert status(work) == "error"

    # They are given anew: all of it is over.
    in_pim(time, work, "adminAssign", days=60)
    time.pass_days(1, look_every=1)
    assert (status(work), open_alarms(work)) == ("ok", {})


def test_a_rotation_outlives_an_outage_of_microsoft_and_what_customers_wish_changes_it(time):
    work = in_use(time, rotates=True)
    time.pass_days(2, look_every=1)
    life = round((secrets(work)[0].expires_at - time.began) / DAY)

    # By hand for some months: nothing is planned, and people are warned.
    with within(work.customer.path):
        policy.set_wishes(work.customer.id, Wishes(rotates=False), by=SETUP, now=clock.now())
    time.pass_days(life - 59 - time.day, step=9, look_every=200)
    time.pass_days(2, look_every=200)
    assert (care(work).rotation, open_alarms(work)) == (Rotation.NONE, {"credential_ends": "notice"})
    with within(work.customer.path):
        policy.set_wishes(work.customer.id, Wishes(days_before=40), by=SETUP, now=clock.now())
    time.pass_days(1, look_every=200)
    assert care(work).rotation == Rotation.PLANNED
    told = len(time.to(CONTACT))

    # Microsoft is away on the day: the old one works on, the next try comes by itself, and it is told.
    time.tenant.fault("away", {"path": "*/addPassword"}, {"status": 503, "retry_after": 0})
    time.pass_days(life - 38 - time.day, look_every=200)
    assert len(time.to(CONTACT)) == told + 1, "of the day that it was planned for"
    assert care(work).rotation in {Rotation.UNDER_WAY, Rotation.FAILED}
    old = secrets(work)[0]
    assert (old.state, in_use_by(work)) == ("proved", old.pk)
    assert keys_there(time.tenant) == {old.key_id}
    time.tenant.control("DELETE", "faults")
    time.pass_days(5, look_every=1)
    *_, new = secrets(work)
    assert (new.state, in_use_by(work)) == ("proved", new.pk)
    assert keys_there(time.tenant) == {new.key_id}
    assert (status(work), open_alarms(work)) == ("ok", {})


def in_use_by(work: Work) -> UUID:
    with within(work.customer.path):
        return Connection.objects.get(service_id=work.service_id).credential_id
