"""`gangway doctor`: everything that is missing or wrong, at once, each with its cure."""

from typing import Annotated

import typer

from gangway.cli.errors import NotReady
from gangway.cli.start import prepared
from gangway.config.settings.faults import SettingsFaulty
from gangway.config.settings.typed import Role


def doctor(
    role: Annotated[
        Role, typer.Option(help="Whose settings are in this environment: web, worker or owner.")
    ] = Role.WORKER,
) -> None:
    """Look at settings, database, keys, mail, Microsoft and what providers set; exit code 2 when something is wrong.

    `?` stands before what nobody can see from here, `note` before what is no fault yet.

    With a worker's settings it looks at everything; run it once more with those of web.
    """
    try:
        with prepared(role) as settings:
            from gangway.cli import findings  # noqa: PLC0415  needs a Django that is awake

            found = findings.all_of(settings)
    except SettingsFaulty as faulty:
        for fault in faulty.faults:
            print(f"wrong  {fault.name} {fault.what}\n       cure: {fault.cure}")
        raise NotReady("The rest can be looked at when the settings are right.") from None
    print("ok     settings: complete, and nothing in them that this role must not have")
    for finding in found:
        mark = "wrong" if not finding.ok else "?    " if not finding.known else "note " if finding.cure else "ok   "
        print(f"{mark}  {finding.name}: {finding.words}")
        if finding.cure:
            print(f"       cure: {finding.cure}")
    if not all(finding.ok for finding in found):
        raise NotReady
