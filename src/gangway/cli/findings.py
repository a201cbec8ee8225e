"""What the doctor looks at, once settings are right and Django is awake; each look gives findings, none raises."""

import asyncio
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from gangway.cli import provider_findings
from gangway.cli.provider_findings import DOCTOR
from gangway.cli.web import give_up_reach
from gangway.config.database import grants, walls
from gangway.config.settings.typed import Role, Settings
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.notifications import looking
from gangway.onboarding import outside
from gangway.onboarding.doctor import Finding
from gangway.onboarding.provider_setup import opened_secret, redirects
from gangway.onboarding.queries import sign_in_applications
from gangway.organizations.scope import within_everything
from gangway.vault import keys
from gangway.vault.queries import counts_by_key

TWO_PAIRS = "make a pair once, on a worker's machine; copy its .private to the other workers, its .public to all"
Look = Callable[[Settings], Iterable[Finding]]


def all_of(settings: Settings) -> list[Finding]:
    """Look at everything a process of this role needs."""
    looks: list[tuple[str, Look]] = [
        ("database", _database),
        ("migrations", _migrations),
        ("database roles", _roles),
        ("rows of others", _walls),
        ("sealing keys", _sealing_keys),
    ]
    if settings.role is Role.WORKER:
        looks += [
            ("mail", _mail),
            ("providers' mail servers", provider_findings.own_mail),
            ("host names", provider_findings.host_names),
            ("default plans", provider_findings.default_plans),
            ("workers' addresses", provider_findings.egress),
            ("Microsoft", _microsoft),
            ("sign-in applications", provider_findings.without_application),
        ]
    if settings.role is Role.WEB:
        looks += [("private keys", _out_of_reach)]
    return [finding for name, look in looks for finding in _without_raising(name, look, settings)]


def _without_raising(name: str, look: Look, settings: Settings) -> list[Finding]:
    """Turn what went wrong while looking into a finding: the doctor tells everything at once."""
    try:
        return list(look(settings))
    except GangwayError as error:
        return [Finding(name, ok=False, words=error.what, cure=error.cure)]
    except Exception as error:  # noqa: BLE001  a broken part must not hide the others
        words = f"It can't be looked at ({type(error).__name__})."
        return [Finding(name, ok=False, words=words, cure="put right what stands above, then ask again")]


def _database(_settings: Settings) -> Iterable[Finding]:
    grants.require_version()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('server_version')")
        user, version = cursor.fetchone()
    yield Finding("database", ok=True, words=f"PostgreSQL {version} answers to the role {user}.")


def _roles(settings: Settings) -> Iterable[Finding]:
    wanted = {"web": settings.web_role, "worker": settings.worker_role}
    with connection.cursor() as cursor:
        for name, role in wanted.items():
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if not cursor.fetchone():
                words = f"There is no role {role}."
                yield Finding(
                    f"database role {name}", ok=False, words=words, cure=f"create {role}, then `gangway migrate`"
                )
                continue
            cursor.execute("SELECT has_table_privilege(%s, 'audit_entry', 'UPDATE, DELETE, TRUNCATE')", [role])
            if cursor.fetchone()[0]:
                words = f"The role {role} may change the activity log."
                yield Finding(f"database role {name}", ok=False, words=words, cure="run `gangway migrate`")
            else:
                yield Finding(f"database role {name}", ok=True, words=f"{role} has its rights and no more.")


def _walls(_settings: Settings) -> Iterable[Finding]:
    """Look whether the database itself keeps organizations apart, for the role that asks."""
    name, asks = "rows of others", "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user"
    with connection.cursor() as cursor:
        open_ones = [table for table in walls.owned_tables() if not _is_walled(cursor, table)]
        cursor.execute(asks)
        (goes_round,) = cursor.fetchone()
    if open_ones:
        words = f"Row-level security is off for {', '.join(open_ones)}."
        yield Finding(name, ok=False, words=words, cure="run `gangway migrate`")
    elif goes_round:
        cure = "give it a role that is no superuser: ALTER ROLE … NOSUPERUSER NOBYPASSRLS"
        yield Finding(name, ok=False, words="This process's role is not bound by row-level security.", cure=cure)
    else:
        yield Finding(name, ok=True, words="The database shows each organization its own rows only.")


def _is_walled(cursor: Any, table: str) -> bool:
    cursor.execute("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", [table])
    return bool(cursor.fetchone()[0])


def _migrations(_settings: Settings) -> Iterable[Finding]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield Finding("migrations", ok=False, words=f"{len(waiting)} migrations wait.", cure="run `gangway migrate`")
    else:
        yield Finding("migrations", ok=True, words="The database is of this version.")


def _sealing_keys(settings: Settings) -> Iterable[Finding]:
    number, _ = keys.newest_public(settings.sealing_public_keys_dir)
    yield Finding("sealing keys", ok=True, words=f"New secrets are sealed to key {number}.")
    for older, count in counts_by_key().items():
        if older < number:
            cure = "workers seal them anew by themselves; keep this key until none is left"
            yield Finding(f"sealing key {older}", ok=True, words=f"It opens {count} secrets.", cure=cure)
    folder = settings.sealing_private_keys_dir
    if settings.role is Role.WORKER and folder and settings.sealing_public_keys_dir:
        for each in keys.numbers(settings.sealing_public_keys_dir, "public"):
            keys.private(folder, each)
            if not keys.is_pair(settings.sealing_public_keys_dir, folder, each):
                words, cure = f"The halves of key {each} are of two pairs: what is sealed to it never opens.", TWO_PAIRS
                yield Finding(f"sealing key {each}", ok=False, words=words, cure=cure)
        yield from _only_for_workers(folder)


def _only_for_workers(folder: Path) -> Iterable[Finding]:
    """Check that nobody but the owner may read what opens secrets: web runs as somebody else, or gives up its reach."""
    open_ones = [path for path in (folder, *folder.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_ones:
        cure = f"chmod 700 {folder} && chmod 600 {folder}/*"
        yield Finding("private keys", ok=False, words=f"Others may read {open_ones[0]}.", cure=cure)
    else:
        yield Finding("private keys", ok=True, words="Every private half is here and closed to others.")


def _out_of_reach(settings: Settings) -> Iterable[Finding]:
    """Do what `gangway web` does before it opens its door; this process too gives up its reach by that."""
    give_up_reach(settings)
    yield Finding("private keys", ok=True, words="A web process can read none.")


def _mail(_settings: Settings) -> Iterable[Finding]:
    trouble = looking.mail_trouble()
    if trouble:
        yield Finding("mail", ok=False, words=trouble, cure=looking.CURE)
    else:
        yield Finding("mail", ok=True, words=f"The mail server {looking.server()} takes us.")


def _microsoft(_settings: Settings) -> Iterable[Finding]:
    with within_everything("the doctor looks at every sign-in application"):
        looked_at = [
            (each, redirects(each.provider_id), opened_secret(each, by=DOCTOR, purpose="check the sign-in application"))
            for each in sign_in_applications()
        ]
    yield from asyncio.run(outside.findings(looked_at, now=clock.now()))
    if not looked_at:
        cure = f"make it as {provider_findings.APPLICATION_HOW}, then run `gangway sign-in-application`"
        yield Finding("sign-in application", ok=False, words="No provider has one on this server.", cure=cure)
