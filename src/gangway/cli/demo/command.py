"""``gangway demo``: everything on this machine, the journey walked once and proved, then open to try by hand."""

from __future__ import annotations

import importlib.util
import io
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangway.cli.demo import one_time_code
from gangway.cli.demo.errors import PartsMissing
from gangway.cli.demo.plot import FEATURES, PEOPLE, Setting
from gangway.cli.demo.report import Report

if TYPE_CHECKING:
    from gangway.cli.demo.supervisor import Stage

LOOK_SECONDS = 1.0
"""How often the demo looks whether all its parts still run."""

NEEDED = ("bs4", "requests")

DataDir = Annotated[Path, typer.Option(help="Folder that keeps the demo over restarts; empty it to start afresh.")]
Port = Annotated[int, typer.Option(help="Port of the web pages; by default 8000, or a free one.")]
EmulatorPort = Annotated[int, typer.Option(help="Port of the emulated Microsoft 365 for programs (TLS).")]
PortalPort = Annotated[int, typer.Option(help="Port of the emulated Microsoft's pages for people.")]
InboxPort = Annotated[int, typer.Option(help="Port of the mail catcher's inbox.")]
LatencyMs = Annotated[
    int, typer.Option(min=0, help="Milliseconds that each answer of the emulated Microsoft takes; as real ones: 100.")
]
SmtpPort = Annotated[int, typer.Option(help="Port of the mail catcher for mail.")]


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", metavar="", help="End after the walk; success means that it was proved.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", metavar="", help="With --once: the result as JSON in the last line.")
    ] = False,
    data_dir: DataDir = Path(".gangway"),
    port: Port = 0,
    emulator_port: EmulatorPort = 0,
    portal_port: PortalPort = 0,
    inbox_port: InboxPort = 0,
    smtp_port: SmtpPort = 0,
    latency_ms: LatencyMs = 30,
) -> None:
    """Show the main job for real on this machine, with an emulated Microsoft 365 and no account anywhere."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise PartsMissing
    wished = {
        "web": port,
        "emulator": emulator_port,
        "portal": portal_port,
        "inbox": inbox_port,
        "smtp": smtp_port,
    }
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without our arrows shows question marks, not an error
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report()
    try:
        _play(Setting(data_dir, wished, latency_ms), report, once=once)
    except KeyboardInterrupt:
        report.say("\nStopped.")
    finally:
        if json:
            print(report.as_json(), flush=True)
    if once and not report.proved:
        raise typer.Exit(1)


def _play(setting: Setting, report: Report, *, once: bool) -> None:
    from gangway.cli.demo.journey import walk  # noqa: PLC0415 (needs packages that only the demo has)
    from gangway.cli.demo.supervisor import on_stage  # noqa: PLC0415

    report.say("Gangway's demo: an emulated Microsoft 365, real everything else.\n")
    with on_stage(setting, report) as stage:
        report.say()
        walk(
            web=stage.web,
            inbox=stage.inbox,
            who=stage.walker,
            witness=stage.witness,
            report=report,
            features=FEATURES,
        )
        _tell_result(report)
        if not once:
            _tell_addresses(stage, report)
            _stay(stage, report)


def _tell_result(report: Report) -> None:
    made, counts = report.made, report.microsoft
    if made is None:
        return
    report.say("\nProved, by reading the emulated tenant's own state:")
    report.say(f"  application {made.app_id} in tenant {made.tenant_id}")
    report.say(f"  permissions {', '.join(made.permissions)}")
    report.say(f"  roles       {', '.join(made.roles)}")
    report.say(
        f"  Microsoft was asked {counts['requests']} times ({counts['subrequests']} requests in batches), "
        f"{counts['sequential_round_trips']} of them one after the other"
    )


def _tell_addresses(stage: Stage, report: Report) -> None:
    who = stage.operator
    report.say("\nNow it is yours:\n")
    report.say(f"  Operation Center   {stage.web}")
    report.say(f"    sign in as       {who.email}")
    report.say(f"    password         {who.password}")
    report.say(f"    one-time code    {one_time_code.current(who.totp_key)}   (Enter shows the current one)")
    report.say(f"    or its key       {who.totp_key}   (for an authenticator app)")
    report.say(f"  Mail               {stage.inbox}")
    report.say(f"  Microsoft's portal {stage.microsoft['portal_url']}")
    report.say("    the customers' people, each in their own emulated tenant. The last three are invited for")
    report.say("    the customer Adventure Works, of whom no domain is known:")
    for tenant, people in PEOPLE.items():
        report.say(f"      {tenant}")
        for upn, password, words in people:
            report.say(f"        {upn:<31} {password:<17} {words}")
    report.say("    Contoso's people come in with Microsoft once they have an app role: in the portal as grace.global,")
    report.say(
        "    Enterprise applications → Operation Center → Users and groups (she agrees to it first, by *Sign in with"
    )
    report.say("    Microsoft*); then morgan.member@contoso.com   Contoso-Morgan-1   signs in to the Operation Center")
    report.say(
        "  Commands           as on a machine of workers; instead of doctor also *audit verify*, *connection token* …:"
    )
    report.say(f"    {stage.commands} doctor")
    report.say("\nCtrl-C ends everything. What was made is kept for the next start.")


def _stay(stage: Stage, report: Report) -> None:
    """Wait for Ctrl-C. Enter shows a fresh one-time code; a part that ends by itself ends the demo, with its log."""
    typing = sys.stdin is not None and sys.stdin.isatty()
    while True:
        heard, _, _ = select.select([sys.stdin] if typing else [], [], [], LOOK_SECONDS)
        stage.family.check()
        if heard:
            typing = bool(sys.stdin.readline())
            report.say(f"  one-time code    {one_time_code.current(stage.operator.totp_key)}")
