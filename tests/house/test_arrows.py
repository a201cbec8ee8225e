"""The arrows between rooms: the real house keeps them, and each contract catches a deliberate mistake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
PACKAGES = {"gangway": "src", "m365_emulator": "emulator/src", "mail_catcher": "mailcatcher/src"}

MISTAKES = {
    "foundation knows a floor above": ("floors", "gangway/foundation/clock.py", "import gangway.audit"),
    "an entrance knows the other": ("floors", "gangway/web/urls.py", "import gangway.cli"),
    "neighbours know each other": ("floors", "gangway/invitations/errors.py", "import gangway.provisioning"),
    "services tells people itself": ("floors", "gangway/services/names.py", "import gangway.notifications"),
    "a room reaches up through another": ("floors", "gangway/organizations/roles.py", "import gangway.services.names"),
    "a room has no floor": ("floors", "gangway/attic/__init__.py", ""),
    "Django in the foundation": ("pure-rooms", "gangway/foundation/ids.py", "import django.db"),
    "Django in the client": ("pure-rooms", "gangway/microsoft/cloud.py", "from django.conf import settings"),
    "Django in the engine": ("pure-rooms", "gangway/provisioning/engine/plan.py", "import django"),
    "a job in the engine": ("pure-rooms", "gangway/provisioning/engine/apply.py", "import procrastinate"),
    "a page calls Microsoft": ("microsoft", "gangway/web/urls.py", "import gangway.microsoft.cloud"),
    "an invitation calls Microsoft": ("microsoft", "gangway/invitations/states.py", "import gangway.microsoft"),
    "a page opens the vault": ("vault", "gangway/web/urls.py", "from gangway.vault import actions"),
    "a service opens the vault": ("vault", "gangway/services/actions.py", "import gangway.vault.keys"),
    "foreign models": ("private", "gangway/services/queries.py", "from gangway.organizations.models import Operator"),
    "foreign migrations": ("private", "gangway/services/queries.py", "import gangway.jobs.migrations"),
    "the product knows the emulator": ("strangers", "gangway/cli/extra.py", "import m365_emulator.directory"),
    "the product knows the mail catcher": ("strangers", "gangway/cli/extra.py", "import mail_catcher"),
    "the emulator knows the product": ("strangers", "m365_emulator/app.py", "import gangway.microsoft.cloud"),
    "a circle in a room": ("no-cycles", "gangway/services/names.py", "import gangway.services.ring"),
}


def lint(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run lint-imports over the packages of a folder laid out like this one."""
    paths = os.pathsep.join(str(folder / source) for source in dict.fromkeys(PACKAGES.values()))
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [str(LINT_IMPORTS), "--no-cache", "--config", "pyproject.toml", *more]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def skeleton(tmp_path):
    """The house with all its doors and nothing in it: every module of the real one, empty."""
    for package, source in PACKAGES.items():
        for module in (ROOT / source / package).rglob("*.py"):
            empty = tmp_path / module.relative_to(ROOT)
            empty.parent.mkdir(parents=True, exist_ok=True)
            empty.touch()
    for needed in ("organizations/models.py", "provisioning/models.py", "jobs/migrations/__init__.py"):
        assert (tmp_path / "src/gangway" / needed).exists()
    (tmp_path / "src/gangway/services/ring.py").write_text("import gangway.services.names\n", encoding="utf-8")
    (tmp_path / "tests/house").mkdir(parents=True)
    shutil.copy(ROOT / "tests/house/contracts.py", tmp_path / "tests/house")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_keeps_its_arrows():
    """Every contract holds in the real code."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_house_keeps_them_too(skeleton):
    """What the mistakes below are added to is clean, so that each of them is the only one."""
    done = lint(skeleton)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_deliberate_mistake_is_caught(skeleton, mistake):
    """The contract named for a mistake breaks when just that import is added."""
    contract, module, line = MISTAKES[mistake]
    file = skeleton / PACKAGES[module.partition("/")[0]] / module
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{line}\n", encoding="utf-8")
    done = lint(skeleton, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout


def test_every_contract_is_proved_by_a_mistake():
    """A new contract needs a mistake here, or nobody knows whether it catches anything."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in declared} == {contract for contract, _, _ in MISTAKES.values()}
