"""A real worker is killed in the middle of a set-up, a rotation and a tear-down, with a request under way.

The request is held by the emulator until the worker is dead; then it is done and nobody hears, or it never arrives.
Another worker goes on from what is there.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.contract.tenant import Tenant
from tests.emulator.conftest import Emulator
from tests.emulator.conftest import running as emulated
from tests.ground.installation import ROOT, Installation, eventually, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HELD_MS = 1_500
WORKER = ["-m", "gangway.cli.main", "worker"]


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with emulated(tmp_path / "emulator") as emulator:
        tenant = Tenant(emulator)
        yield tenant
        tenant.close()


def environment(installation: Installation, emulator: Emulator) -> dict[str, str]:
    return installation.worker(
        PYTHONPATH=str(ROOT),
        GANGWAY_CLOUD_LOGIN_URL=emulator.url,
        GANGWAY_CLOUD_GRAPH_URL=emulator.url,
        GANGWAY_EXTRA_CA_FILE=str(emulator.ca_file),
    )


def do(installation: Installation, tenant: Tenant, *words: str) -> None:
    line = [sys.executable, "-m", "tests.ground.registrations", *words]
    done = subprocess.run(
        line, env=environment(installation, tenant.emulator), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def told(installation: Installation, query: str) -> dict[str, str]:
    """What the database says, asked directly."""
    with psycopg.connect(**installation.database.owner.psycopg()) as connection:
        return dict(connection.execute(query).fetchall())


def state_of(installation: Installation, kind: str) -> str:
    return told(installation, "SELECT kind, state FROM provisioning_run ORDER BY created_at").get(kind, "")


def usable(installation: Installation) -> set[str]:
    rows = told(installation, "SELECT key_id, state FROM provisioning_credential")
    return {key for key, state in rows.items() if state in {"proved", "resting"}}


def keys_there(tenant: Tenant) -> set[str]:
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    ours = [row for row in rows if str(row.get("uniqueName") or "").startswith("gangway-")]
    return {key["keyId"] for row in ours for key in row["passwordCredentials"]}


def held_request(tenant: Tenant) -> dict[str, Any]:
    """The last request that was held, as the emulator logs it."""
    return [row for row in tenant.log() if row["fault"] == "held"][-1]


DONE = {"delay_ms": HELD_MS}
LOST = DONE | {"cut": "before"}
HELD = {
    "setup": ({"method": "POST", "path": "/v1.0/servicePrincipals/*/appRoleAssign*"}, LOST),
    "rotation": ({"method": "POST", "path": "/v1.0/applications/*/addPassword"}, DONE),
    "teardown": ({"method": "DELETE", "path": "/v1.0/applications/*"}, DONE),
}
STATUS = {"setup": None, "rotation": 200, "teardown": 204}
"""How the held request ended in the emulator, before another worker started; None: it never arrived."""
LIVE = {"setup": 1, "rotation": 2, "teardown": 0}
"""How many secrets of ours there are afterwards: the one in use, the one that rests as well, or none."""


def test_another_worker_finishes_a_set_up_a_rotation_and_a_tear_down_that_a_killed_one_began(
    installation: Installation, tenant: Tenant, tmp_path: Path
) -> None:
    around = environment(installation, tenant.emulator)
    begin = {"setup": ("make", tenant.token().reveal())}
    for kind, (held, effect) in HELD.items():
        tenant.fault("held", held | {"times": 1}, effect)
        do(installation, tenant, *begin.get(kind, (kind,)))
        with running(WORKER, around, tmp_path / f"{kind}-one.log") as worker:
            eventually(lambda: [row["hit"] for row in tenant.control("GET", "faults")["faults"]] == [1])
            worker.kill()
            worker.wait()
        eventually(lambda: held_request(tenant)["ended"] is not None)
        assert held_request(tenant)["status"] == STATUS[kind]
        with running(WORKER, around, tmp_path / f"{kind}-two.log"):
            eventually(lambda kind=kind: state_of(installation, kind) == "proved")
        assert keys_there(tenant) == usable(installation)
        assert len(keys_there(tenant)) == LIVE[kind]
