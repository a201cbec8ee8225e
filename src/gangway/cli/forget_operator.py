"""`gangway forget-operator`: delete the account of somebody who has left, and their names with it."""

from typing import Annotated

import typer

from gangway.cli.audit import counted
from gangway.cli.start import prepared
from gangway.config.settings.typed import Role


def forget_operator(
    email: Annotated[str, typer.Option(help="What the person signed in with, or was invited by.")],
) -> None:
    """Forget somebody who has no role any more: the account, the ways to sign in to it, the names in the log."""
    with prepared(Role.OWNER):
        from gangway.accounts import forgetting  # noqa: PLC0415  needs a Django that is awake
        from gangway.audit.record import Actor  # noqa: PLC0415
        from gangway.organizations.scope import within_everything  # noqa: PLC0415

        with within_everything("a person is forgotten in every organization"):
            number = forgetting.forget_operator(email, by=Actor.system("forget-operator"))
    told = counted(number, "entry", "entries")
    print(f"Forgotten: the account is deleted, its address is free, names were erased in {told}.")
