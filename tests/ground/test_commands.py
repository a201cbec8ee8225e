"""The commands as somebody types them: what they make, what they refuse, what they say."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.main import get_command

from gangway.cli.main import app
from gangway.vault import keys
from tests.ground.installation import Installation, gangway

pytestmark = pytest.mark.slow

ADMIN = "create-admin --email ann@sp2.example --name Ann --provider sp2 --password-stdin --totp"


def type_with_input(command: str, text: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "gangway.cli.main", *command.split()]
    return subprocess.run(
        line, env=environment, input=text, capture_output=True, text=True, cwd="/", timeout=150, check=False
    )


def test_version_is_told() -> None:
    assert gangway("--version", {"PATH": os.environ["PATH"]}).stdout.strip() == version("gangway")


def test_no_switch_asks_for_a_word_behind_it() -> None:
    """`--once <bool>` in the help would be typed as it stands, and refused."""
    switches = [option for command in _commands(get_command(app)) for option in command.params if _is_switch(option)]
    assert {switch.name for switch in switches} >= {"once", "call_quality", "check"}
    assert {switch.metavar for switch in switches} == {""}


def _commands(command: Any) -> list[Any]:
    return [command, *(one for below in getattr(command, "commands", {}).values() for one in _commands(below))]


def _is_switch(option: Any) -> bool:
    return getattr(option, "is_flag", False)


@pytest.mark.parametrize("given", ["contoso-hq", "3f0c", "12345678-12345678"])
def test_what_is_not_an_id_is_told_where_ids_stand(given: str) -> None:
    token = f"connection token {given} --operator olga@sp2.example --purpose trying"
    refused = gangway(token, {"PATH": os.environ["PATH"]})
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Used by hand on the service's page Connection health" in refused.stderr
    assert "UUID" not in refused.stderr


def test_keys_are_made_listed_and_never_overwritten(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GANGWAY_DATA_DIR": str(tmp_path)}
    for _ in range(2):
        assert gangway("keys new", environment).returncode == 0
    listed = gangway("keys list", environment).stdout
    assert "key 1: opens older secrets" in listed
    assert "key 2: used for new secrets; private half is here" in listed
    assert f"Back up, together and apart from the database:\n  {tmp_path}/keys/private" in listed


def test_migrating_again_is_fine(installation: Installation) -> None:
    assert gangway("migrate", installation.owner()).returncode == 0
    assert gangway("migrate --check", installation.owner()).returncode == 0


def test_first_administrator_is_made_with_a_second_factor(installation: Installation) -> None:
    made = type_with_input(ADMIN, "a long enough passphrase\n", installation.owner())
    assert made.returncode == 0, made.stderr
    key = made.stdout.split("(shown once): ")[1].split()[0]
    with psycopg.connect(**installation.database.owner.psycopg()) as connection:
        people = connection.execute("SELECT email, password FROM organizations_operator").fetchall()
        factors = connection.execute("SELECT data::text FROM mfa_authenticator").fetchall()
    assert people[0][0] == "ann@sp2.example"
    assert people[0][1].startswith("argon2$argon2id$")
    assert all(key not in stored for (stored,) in factors)


def test_weak_password_is_refused_in_words(installation: Installation) -> None:
    refused = type_with_input(ADMIN.replace("ann@", "bob@"), "password\n", installation.owner())
    assert refused.returncode == 2
    assert "password" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_provider_an_administrator_of_the_system_is_made(installation: Installation) -> None:
    command = "create-admin --email sam@gangway.example --name Sam --password-stdin"
    made = type_with_input(command, "another long passphrase\n", installation.owner())
    assert made.returncode == 0, made.stderr
    with psycopg.connect(**installation.database.owner.psycopg()) as connection:
        asked = """SELECT m.role FROM organizations_membership m JOIN organizations_organization o
                   ON o.id = m.organization_id WHERE o.kind = 'system'"""
        found = connection.execute(asked).fetchall()
    assert found == [("admin",)]


def test_doctor_names_every_faulty_setting_at_once() -> None:
    told = gangway("doctor", {"PATH": os.environ["PATH"], "GANGWAY_WEB_PORT": "0", "GANGWAY_NONSENSE": "1"})
    assert told.returncode == 2
    for name in ("SECRET_KEY", "WEB_PORT", "NONSENSE", "SEALING_PUBLIC_KEYS_DIR", "SEALING_PRIVATE_KEYS_DIR"):
        assert f"wrong  GANGWAY_{name}" in told.stdout
    assert told.stdout.count("cure: ") == 5


def test_doctor_looks_at_everything_a_worker_needs(installation: Installation, tmp_path: Path) -> None:
    keys.new(public_dir=tmp_path / "public", private_dir=tmp_path / "private")
    nowhere = {"GANGWAY_SMTP_PORT": "1", "GANGWAY_CLOUD_LOGIN_URL": "https://localhost:1"}
    elsewhere = {"GANGWAY_SEALING_PUBLIC_KEYS_DIR": str(tmp_path / "public")}
    told = gangway("doctor", installation.worker(**nowhere, **elsewhere))
    assert told.returncode == 2
    for well in ("settings", "database", "migrations", "database role web", "database role worker", "private keys"):
        assert f"ok     {well}: " in told.stdout
    for wrong in ("mail", "https://localhost:1", "sign-in application", "sealing key 1"):
        assert f"wrong  {wrong}: " in told.stdout
    assert installation.smtp_password not in told.stdout + told.stderr
    assert "microsoft_called" not in told.stderr
    asked_to = gangway("doctor", installation.worker(**nowhere, **elsewhere, GANGWAY_LOG_LEVEL="INFO"))
    assert "microsoft_called" in asked_to.stderr


def test_doctor_is_content_with_a_sound_web(installation: Installation) -> None:
    told = gangway("doctor --role web", installation.web())
    assert told.returncode == 0, told.stdout
    assert "private keys: A web process can read none." in told.stdout


def test_commands_start_the_embedded_database_when_none_runs(installation: Installation, place: Path) -> None:
    owner = {name: value for name, value in installation.owner().items() if name != "DATABASE_URL"}
    own = {**owner, "GANGWAY_DATA_DIR": str(place)}
    assert gangway("migrate", own).returncode == 0
    web = {name: value for name, value in installation.web().items() if name != "GANGWAY_WEB_DATABASE_URL"}
    told = gangway("doctor --role web", {**web, "GANGWAY_DATA_DIR": str(place)})
    assert told.returncode == 0, told.stdout + told.stderr
    assert "PostgreSQL 18" in told.stdout


def test_embedded_database_runs_in_the_foreground_and_stops_when_told(place: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GANGWAY_DATA_DIR": str(place)}
    line = [sys.executable, "-m", "gangway.cli.main", "database"]
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        process.terminate()
    assert process.returncode == 0
    assert told["ready"] is True
    assert not Path(told["socket"]).exists()
