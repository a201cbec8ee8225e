"""A course of the engine against the small tenant, and the judgement of what it left there."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from gangway.microsoft.cloud import Cloud
from gangway.microsoft.patience import Patience
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.course import Course
from gangway.provisioning.engine.steps.credentials import Fresh
from tests.unit.small_journal import SmallJournal
from tests.unit.small_tenant import CLIENT, TENANT, SmallTenant

CLOUD = Cloud("https://login.test", "https://graph.test")
NAME = "gangway-r1"


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def ticks(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


_numbers = itertools.count(1)


def fresh() -> Fresh:
    number = next(_numbers)
    return Fresh(f"c{number}", f"voice1-{number}", datetime.now(UTC) + timedelta(days=365))


def blueprint(version: int = 2, name: str = "voice1") -> Blueprint:
    plan = pinning.pin(profile="teams-voice", version=version)
    return draw(plan, registration="r1", display_name=name, notes="Made by Gangway.", sign_in_client=CLIENT)


def course(tenant: SmallTenant, journal: SmallJournal, *, wanted: Blueprint | None = None, own: Any = None) -> Course:
    time = Time()
    return Course(
        blueprint=wanted or blueprint(),
        client=CLIENT,
        cloud=CLOUD,
        tenant_id=TENANT,
        graph=tenant.session(),
        own=own or tenant.own(),
        journal=journal,
        patience=Patience(120, ticks=time.ticks, sleep=time.sleep),
        fresh=fresh,
    )


def assert_exact(tenant: SmallTenant, journal: SmallJournal, version: int = 2) -> None:
    """Exactly one registration with exactly its rights and one secret that we know; the sign-in application is gone."""
    (application,) = tenant.applications.values()
    principal = tenant.principal_of(application["appId"])
    wanted = blueprint(version)
    assert principal
    assert sorted(row["appRoleId"] for row in tenant.grants) == sorted(entry.id for entry in wanted.permissions)
    assert {row["principalId"] for row in (*tenant.grants, *tenant.roles)} == {principal["id"]}
    assert sorted(row["roleDefinitionId"] for row in tenant.roles) == sorted(role.template_id for role in wanted.roles)
    (password,) = application["passwordCredentials"]
    (known,) = [held for held in journal.credentials.values() if held.key_id]
    assert password["keyId"] == known.key_id
    assert journal.secrets[known.credential_id].reveal() == password["secretText"]
