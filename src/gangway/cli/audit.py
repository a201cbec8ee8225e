"""`gangway audit`: prove the activity log, sign it, and keep it no longer than the law and the customer want."""

import sys
from datetime import timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role

app = typer.Typer(help="Prove the activity log, sign it, cut it, erase names from it.", no_args_is_help=True)
YEARS_KEPT = 730
"""Days that entries are kept where nothing else was agreed."""


@app.command()
def verify(
    organization: Annotated[UUID | None, typer.Option(help="Only this organization's chain, by its id.")] = None,
) -> None:
    """Check every chain: a changed, missing, added or reordered entry is named. Ends with 1 when something is wrong."""
    with prepared(Role.WORKER) as settings:
        from gangway.audit.verify import verify as check  # noqa: PLC0415  needs a Django that is awake
        from gangway.organizations.queries import recorded_ids  # noqa: PLC0415
        from gangway.vault import signing  # noqa: PLC0415

        signed = partial(signing.is_signed, settings.sealing_private_keys_dir, signing.AUDIT)
        result = check(signed=signed, recorded=recorded_ids(), organization_id=organization)
    for fault in result.faults:
        entry = f" (entry {fault.entry_id})" if fault.entry_id else ""
        print(f"organization {fault.organization_id}, place {fault.sequence}{entry}: {fault.what}.")
    erased = f", names erased in {result.erased}" if result.erased else ""
    looked_at = f"{counted(result.organizations, 'chain')}, {counted(result.entries, 'entry', 'entries')}{erased}"
    print(f"{looked_at}: {counted(len(result.faults), 'fault')}.")
    if result.faults:
        raise typer.Exit(1)


def counted(number: int, one: str, more: str = "") -> str:
    """Return a number with its word: 1 chain, 2 chains."""
    return f"{number} {one if number == 1 else more or one + 's'}"


@app.command()
def checkpoint() -> None:
    """Sign the end of every chain with a worker's key; from then on a signed part can be proved, and cut off."""
    with prepared(Role.WORKER) as settings:
        from gangway.audit import keeping  # noqa: PLC0415
        from gangway.vault import signing  # noqa: PLC0415

        folder = settings.sealing_private_keys_dir
        number = signing.newest_number(folder)
        signed = keeping.checkpoint(sign=signing.signing_key(folder, number, signing.AUDIT).sign, key_number=number)
        print(f"Signed with key {number}: {counted(signed, 'chain')}.")


@app.command()
def cut(
    older_than_days: Annotated[int, typer.Option(min=30, help="Days that entries are kept.")] = YEARS_KEPT,
) -> None:
    """Remove what is older, up to the last signed place before it; the rest stays provable."""
    with prepared(Role.OWNER):
        from gangway.audit import keeping  # noqa: PLC0415
        from gangway.audit.record import Actor  # noqa: PLC0415
        from gangway.foundation import clock  # noqa: PLC0415

        before = clock.now() - timedelta(days=older_than_days)
        print(f"Removed: {counted(keeping.cut(before=before, by=Actor.system('retention')), 'entry', 'entries')}.")


@app.command()
def erase(
    operator: Annotated[str, typer.Option(help="A person's address or id: names in what they did.")] = "",
    subject: Annotated[str, typer.Option(help='A subject as "case:<id>": names in what happened to it.')] = "",
) -> None:
    """Erase names and addresses of one person or one subject; the chain stays whole, and the erasing is recorded."""
    if not operator and not subject:
        raise typer.BadParameter("say whose names: --operator or --subject")
    with prepared(Role.OWNER):
        from gangway.audit import keeping  # noqa: PLC0415
        from gangway.audit.record import Actor  # noqa: PLC0415

        person = str(_person(operator)) if operator else ""
        number = keeping.erase(actor_id=person, subject=subject, by=Actor.system("erasure"))
    print(f"Names were erased in {counted(number, 'entry', 'entries')}.")
    if not number:
        print("Nothing is named so, or its names were erased before.", file=sys.stderr)
        raise typer.Exit(1)


def _person(told: str) -> UUID:
    """Read an id, or find who signs in with an address. Raises `NoSuchOperator`."""
    from gangway.organizations.errors import NoSuchOperator  # noqa: PLC0415
    from gangway.organizations.people_queries import person_by_address  # noqa: PLC0415

    found = person_by_address(told) if "@" in told else _key(told)
    if found is None:
        raise NoSuchOperator(cure="Give the whole address that they sign in with, or their id.")
    return found


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
