"""`gangway migrate`: bring the database to this version, as its owner, and give web and worker their rights."""

import gc
from typing import Annotated

import typer

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role


def migrate(
    *, check: Annotated[bool, typer.Option(metavar="", help="Only say whether something is to be done.")] = False
) -> None:
    """Migrate as the owner, then grant web and worker what they need; safe to repeat. With --check nothing changes."""
    gc.disable()  # migrations make many classes that point at each other: looking for garbage took a third of the time
    with prepared(Role.OWNER) as settings:
        from django.core.management import call_command  # noqa: PLC0415  needs a Django that is awake

        from gangway.config.database import grants  # noqa: PLC0415

        grants.require_version()
        call_command("migrate", interactive=False, verbosity=1, check_unapplied=check)
        if not check:
            grants.grant(web=settings.web_role, worker=settings.worker_role)
            print("The database is up to date; web and worker have their rights.")
