"""`gangway keys`: the numbered key pairs that secrets are sealed to. Needs no database and no other setting."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gangway.cli.database import data_dir
from gangway.vault import keys as pairs

app = typer.Typer(help="Make and list the key pairs that secrets are sealed to.", no_args_is_help=True)

Public = Annotated[
    Path | None, typer.Option("--public-dir", envvar="GANGWAY_SEALING_PUBLIC_KEYS_DIR", help="Folder of public keys.")
]
Private = Annotated[
    Path | None,
    typer.Option("--private-dir", envvar="GANGWAY_SEALING_PRIVATE_KEYS_DIR", help="Folder of private keys."),
]

BACK_UP = """\
Back up, together and apart from the database:
  {private}   without it no sealed secret opens ever again
  GANGWAY_SECRET_KEY      without it operators' second factors must be set up anew
Give {private} to workers only; {public} is for web and workers."""


@app.command()
def new(public_dir: Public = None, private_dir: Private = None) -> None:
    """Make the next key pair. New secrets are sealed to it; keep the old ones, they open what was sealed before."""
    public, private = _folders(public_dir, private_dir)
    number = pairs.new(public_dir=public, private_dir=private)
    print(f"Key {number} is made: {public / f'{number}.public'} and {private / f'{number}.private'}.\n")
    print(BACK_UP.format(public=public, private=private))


@app.command("list")
def list_(public_dir: Public = None, private_dir: Private = None) -> None:
    """List the key pairs, say which one is used for new secrets and which private halves are here."""
    public, private = _folders(public_dir, private_dir)
    numbers, here = pairs.numbers(public, "public"), _numbers_here(private)
    for number in numbers:
        use = "used for new secrets" if number == numbers[-1] else "opens older secrets"
        half = "private half is here" if number in here else "private half is not here"
        print(f"key {number}: {use}; {half}")
    if not numbers:
        print(f"There is no key in {public} yet; make one with `gangway keys new`.")
    print()
    print(BACK_UP.format(public=public, private=private))


def _folders(public: Path | None, private: Path | None) -> tuple[Path, Path]:
    home = data_dir() / "keys"
    return public or home / "public", private or home / "private"


def _numbers_here(private: Path) -> list[int]:
    return pairs.numbers(private, "private") if os.access(private, os.R_OK | os.X_OK) else []
