"""`gangway federation`: the keys that this platform signs its own tokens with."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role

app = typer.Typer(help="Look after the keys of this platform as an issuer of tokens.", no_args_is_help=True)

COMING = """\
A worker makes the next key now. It is published at once and signs from tomorrow on; the one before stays published
until no token of it is good any more. Nothing in any tenant changes."""
AT_ONCE = """\
A worker makes a new key now, and all others are withdrawn. Until Microsoft has read the new list (it keeps the old one
for a while, up to a day) sign-ins with federated credentials can fail."""


@app.command()
def rotate_key(
    *,
    at_once: Annotated[
        bool, typer.Option("--at-once", metavar="", help="For a key that somebody else may have.")
    ] = False,
) -> None:
    """Have a worker make the next signing key."""
    with prepared(Role.OWNER):
        _ask(at_once=at_once)
    print(AT_ONCE if at_once else COMING)


@app.command("keys")
def list_keys() -> None:
    """List the keys and whose turn it is."""
    with prepared(Role.OWNER):
        lines = _lines()
    print("\n".join(lines) or "There is no key yet; a worker makes the first one when GANGWAY_ISSUER_URL is set.")


@app.command()
def export(folder: Annotated[Path, typer.Argument(help="Folder of a static web host.")]) -> None:
    """Write the two public documents into a folder, for a host of their own that web processes can't change."""
    with prepared(Role.OWNER):
        written = _write(folder)
    print("\n".join(str(path) for path in written))


def _ask(*, at_once: bool) -> None:
    from django.db import transaction  # noqa: PLC0415  needs a Django that is awake

    from gangway.federation.errors import NoIssuer  # noqa: PLC0415
    from gangway.federation.queries import issuer  # noqa: PLC0415
    from gangway.federation.tasks import ROTATE  # noqa: PLC0415
    from gangway.jobs.actions import defer  # noqa: PLC0415

    if not issuer():
        raise NoIssuer
    with transaction.atomic():
        defer(ROTATE, queueing_lock=ROTATE, at_once=int(at_once), by="federation rotate-key")


def _lines() -> list[str]:
    from gangway.federation import queries, turns  # noqa: PLC0415
    from gangway.foundation import clock  # noqa: PLC0415

    now, keys = clock.now(), queries.all_keys()
    signing, published = turns.signing(keys, now), turns.published(keys, now)
    return [
        f"{key.id}: {_state(key, signing, published)}, made {key.made_at:%Y-%m-%d %H:%M}, "
        f"signs from {key.signs_from:%Y-%m-%d %H:%M} UTC"
        for key in keys
    ]


def _state(key: object, signing: object, published: Sequence[object]) -> str:
    if key == signing:
        return "signs"
    return "published" if key in published else "over"


def _write(folder: Path) -> list[Path]:
    from gangway.federation import queries  # noqa: PLC0415
    from gangway.foundation import clock  # noqa: PLC0415

    documents = {
        queries.CONFIGURATION: queries.configuration(),
        queries.KEYS: queries.published_keys(now=clock.now()),
    }
    written = []
    for path, content in documents.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
        written.append(file)
    return written
