"""Settings: every fault at once, each with its cure, none with a value in it; and each role holds only its own."""

import secrets
from pathlib import Path

import pytest
from pydantic import ValidationError

from gangway.config.settings.faults import SettingsFaulty
from gangway.config.settings.typed import Role, Settings

KEY = secrets.token_urlsafe(50)


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"GANGWAY_SECRET_KEY": KEY, "GANGWAY_SEALING_PUBLIC_KEYS_DIR": str(tmp_path), **more}


def faults(role: Role, environment: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsFaulty) as faulty:
        Settings.load(role, environ=environment)
    return {fault.name: f"{fault.what} {fault.cure}" for fault in faulty.value.faults}


def test_all_faults_are_told_at_once_with_cure_and_without_values(tmp_path: Path) -> None:
    given = {
        "GANGWAY_SECRET_KEY": "short-and-private",
        "GANGWAY_PUBLIC_URL": "http://gangway.example.com",
        "GANGWAY_WEB_PORT": "many",
        "GANGWAY_SMTP_PASSWORD": "hunter2-hunter2",
        "GANGWAY_SERVERNAME": "x",
        "DATABASE_URL": "postgresql://owner:ownerpw@db/gangway",
        "GANGWAY_WEB_DATABASE_URL": "mysql://web:webpw@db/gangway",
    }
    with pytest.raises(SettingsFaulty) as faulty:
        Settings.load(Role.WEB, environ=given)
    assert {fault.name for fault in faulty.value.faults} == {
        *given.keys() - {"GANGWAY_WEB_DATABASE_URL"},
        "GANGWAY_DATABASE_URL",
        "GANGWAY_SEALING_PUBLIC_KEYS_DIR",
    }
    assert all(fault.cure for fault in faulty.value.faults)
    for value in ("short-and-private", "hunter2", "ownerpw", "webpw", "many"):
        assert value not in str(faulty.value) + repr(faulty.value)


@pytest.mark.parametrize(
    "key",
    ["", "x" * 60, KEY[:30], "django-insecure-" + KEY, "change-me-" + KEY],
    ids=["none", "one sign", "short", "example", "placeholder"],
)
def test_missing_short_or_default_secret_key_is_refused(tmp_path: Path, key: str) -> None:
    assert "GANGWAY_SECRET_KEY" in faults(Role.WEB, environ(tmp_path, GANGWAY_SECRET_KEY=key))


def test_federation_needs_an_issuer(tmp_path: Path) -> None:
    """Nobody could be asked for our keys otherwise."""
    given = {"GANGWAY_CREDENTIAL_KIND": "federated"}
    assert "GANGWAY_CREDENTIAL_KIND" in faults(Role.WEB, environ(tmp_path, **given))
    given["GANGWAY_ISSUER_URL"] = "https://issuer.example.com/"
    settings = Settings.load(Role.WEB, environ=environ(tmp_path, **given))
    assert (settings.issuer_url, "issuer.example.com" in settings.hosts) == ("https://issuer.example.com", True)


@pytest.mark.parametrize("url", ["http://issuer.example.com", "https://issuer.example.com/tokens"])
def test_an_issuer_is_an_encrypted_address_without_a_path(tmp_path: Path, url: str) -> None:
    assert "GANGWAY_ISSUER_URL" in faults(Role.WEB, environ(tmp_path, GANGWAY_ISSUER_URL=url))


def test_private_keys_are_needed_by_workers_and_refused_to_web(tmp_path: Path) -> None:
    assert "GANGWAY_SEALING_PRIVATE_KEYS_DIR" in faults(Role.WORKER, environ(tmp_path))
    with_them = environ(tmp_path, GANGWAY_SEALING_PRIVATE_KEYS_DIR=str(tmp_path))
    assert "GANGWAY_SEALING_PRIVATE_KEYS_DIR" in faults(Role.WEB, with_them)
    assert Settings.load(Role.WORKER, environ=with_them).sealing_private_keys_dir == tmp_path


def test_nobody_is_given_another_roles_way_into_the_database(tmp_path: Path) -> None:
    assert "DATABASE_URL" in faults(Role.WEB, environ(tmp_path, DATABASE_URL="postgresql://o:p@db/x"))
    other = environ(tmp_path, GANGWAY_WORKER_DATABASE_URL="postgresql://w:p@db/x")
    assert "GANGWAY_WORKER_DATABASE_URL" in faults(Role.WEB, other)


def test_file_is_read_and_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    file.write_text(f'secret_key = "{KEY}"\nserver_name = "File"\nweb_port = 1234\n')
    given = environ(tmp_path, GANGWAY_SETTINGS_FILE=str(file), GANGWAY_SERVER_NAME="Environment")
    settings = Settings.load(Role.WEB, environ=given)
    assert (settings.server_name, settings.web_port) == ("Environment", 1234)
    file.write_text("serve_name = 'typo'")
    assert "GANGWAY_SERVE_NAME" in faults(Role.WEB, given)
    assert "GANGWAY_SETTINGS_FILE" in faults(Role.WEB, {**given, "GANGWAY_SETTINGS_FILE": str(tmp_path / "none")})


def test_settings_are_frozen_and_print_no_secret(tmp_path: Path) -> None:
    settings = Settings.load(Role.WEB, environ=environ(tmp_path))
    with pytest.raises(ValidationError):
        settings.server_name = "other"
    assert KEY not in repr(settings) + str(settings)


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_worker_that_lives_is_not_taken_for_dead(tmp_path: Path) -> None:
    given = environ(tmp_path, GANGWAY_WORKER_HEARTBEAT_SECONDS="10", GANGWAY_WORKER_STALLED_SECONDS="15")
    assert "GANGWAY_WORKER_STALLED_SECONDS" in faults(Role.OWNER, given)


def test_the_owners_commands_want_the_owners_address_where_somebody_elses_is_given(tmp_path: Path) -> None:
    """They would fill the embedded database otherwise, and say that all is well."""
    other = environ(tmp_path, GANGWAY_WORKER_DATABASE_URL="postgresql://w:p@db/x")
    assert "GANGWAY_WORKER_DATABASE_URL" in faults(Role.OWNER, other)
    assert Settings.load(Role.OWNER, environ={**other, "DATABASE_URL": "postgresql://o:p@db/x"}).database_url
