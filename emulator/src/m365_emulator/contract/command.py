"""``m365-emulator contract``: which rows that parity.md calls *assumed* hold in a real tenant.

For an engineer with a test tenant of their own. It makes a few applications there and deletes them for good at the end,
also when something fails on the way. It never runs without being told the tenant twice.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from m365_emulator.contract.cases import Case, NotAsked, cases
from m365_emulator.contract.wire import PATIENCE, NotSignedIn, Wire

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

secret_variable = "M365_CONTRACT_SECRET"  # noqa: S105 the name of a variable


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command's options."""
    parser = commands.add_parser("contract", help="ask a real test tenant which assumptions hold", description=__doc__)
    parser.add_argument("--tenant", required=True, help="id of your own test tenant; applications are made in it")
    parser.add_argument("--confirm", default="", help="the tenant's id once more, to say that you mean it")
    parser.add_argument(
        "--client-id",
        required=True,
        help="an application there with the consented application permission "
        f"Application.ReadWrite.All; its secret is read from {secret_variable}",
    )
    parser.add_argument("--login-url", default="https://login.microsoftonline.com", help="where Entra is")
    parser.add_argument("--graph-url", default="https://graph.microsoft.com", help="where Graph is")
    parser.add_argument("--impatient", action="store_true", help="do not wait for what a directory copies later")
    parser.add_argument("--ca-file", type=Path, help="authority to trust, when it is an emulator that is asked")


def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Exit code: 0 when everything was asked and cleaned up, 1 when not, 2 when nothing was begun."""
    problem = _problem(chosen)
    if problem:
        say(problem)
        return 2
    wire = Wire(
        chosen.tenant,
        chosen.login_url.rstrip("/"),
        chosen.graph_url.rstrip("/"),
        f"m365-contract-{secrets.token_hex(4)}",
        chosen.ca_file,
        patience=() if chosen.impatient else PATIENCE,
    )
    try:
        wire.sign_in(chosen.client_id, os.environ[secret_variable])
    except NotSignedIn as refused:
        say(f"The tenant does not let this application in: {refused}")
        return 2
    try:
        asked = [_put(case, wire, chosen.client_id, say) for case in cases]
    finally:
        left = wire.clean_up()
        for address in left:
            say(f"NOT CLEANED UP: {address}; delete it by hand, also among the deleted objects")
    say(f"{asked.count('held')} held, {asked.count('differs')} differ, {asked.count('not asked')} could not be asked")
    return 1 if left or "not asked" in asked else 0


def _problem(chosen: argparse.Namespace) -> str:
    if chosen.confirm != chosen.tenant:
        return (
            f"This makes and deletes applications in the tenant {chosen.tenant}. If that is a test tenant of your own, "
            f"say so with --confirm {chosen.tenant}"
        )
    if not all(address.startswith("https://") for address in (chosen.login_url, chosen.graph_url)):
        return "Both addresses must begin with https://"
    return "" if os.environ.get(secret_variable) else f"Put the application's secret into {secret_variable}"


def _put(case: Case, wire: Wire, client_id: str, say: Callable[[str], None]) -> str:
    try:
        seen = case.ask(wire, client_id, os.environ[secret_variable])
    except NotAsked as why:
        say(f"not asked  {case.row}: {why}")
        return "not asked"
    held = seen == case.expected
    say(f"{'held     ' if held else 'differs  '}  {case.row}" + ("" if held else f": seen {seen}"))
    return "held" if held else "differs"
