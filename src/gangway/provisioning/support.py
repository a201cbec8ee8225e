"""The support bundle of a run: what Microsoft's support, or ours, needs to find out what happened. Nothing secret.

Only named columns go in, none that could hold a token, a code, a link or a secret, and no person's name or address. A
guard then looks for anything that has the looks of one, should a later column bring it in.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from gangway.audit.queries import activity
from gangway.languages.said import said
from gangway.organizations.scope import current_path
from gangway.provisioning.engine import pinning
from gangway.provisioning.errors import NoSuchRun
from gangway.provisioning.models import Run, StepRecord

FORMAT: Final = 1
WITHHELD: Final = "[withheld]"

_LONG: Final = re.compile(r"[A-Za-z0-9_~.+/=-]{24,}")
_KNOWN: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z_.:/-]+")
"""Fingerprints, ids and plain words."""

HEAD: Final = (
    "Gangway: support bundle of a provisioning run",
    "=============================================",
    "No token, code, link or secret is in this file, and no person's name.",
    "Microsoft's support finds each request by its request-id and time.",
    "",
)


def bundle(run_id: UUID, *, now: datetime) -> str:
    """The bundle as one text: for people, in their language, then as JSON. Call it in a scope. Raises NoSuchRun."""
    run = Run.objects.select_related("registration", "organization").filter(pk=run_id).first()
    if run is None:
        raise NoSuchRun
    facts = guarded(_facts(run, now=now))
    programs = ["", said("The same for programs"), "---------------------", _json(facts), ""]
    return "\n".join([*map(said, HEAD), *_lines(facts), *programs])


def guarded(value: Any) -> Any:
    """The same without any text that has the looks of a secret: long, mixed, and nothing that we know."""
    if isinstance(value, dict):
        return {key: guarded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [guarded(part) for part in value]
    return _LONG.sub(_guard, value) if isinstance(value, str) else value


def _guard(found: re.Match[str]) -> str:
    text = found.group()
    mixed = re.search(r"[A-Z]", text) and re.search(r"[a-z]", text) and re.search(r"[0-9]", text)
    return WITHHELD if mixed and not _KNOWN.fullmatch(text) else text


def _facts(run: Run, *, now: datetime) -> dict[str, Any]:
    registration = run.registration
    return {
        "format": FORMAT,
        "made_at": _moment(now),
        "gangway": {"version": version("gangway"), "server": settings.GANGWAY.server_name},
        "run": {
            "id": str(run.pk),
            "kind": run.kind,
            "state": run.state,
            "attempt": run.attempt,
            "created_at": _moment(run.created_at),
            "queued_at": _moment(run.queued_at),
            "started_at": _moment(run.started_at),
            "copying_since": _moment(run.copying_since),
            "looks_while_copying": run.looks,
            "ended_at": _moment(run.ended_at),
            "waiting_for": run.waiting_for,
        },
        "registration": {
            "id": str(registration.pk),
            "state": registration.state,
            "cloud": registration.cloud,
            "tenant_id": registration.tenant_id,
            "application_id": registration.app_id,
            "service_principal_id": registration.service_principal_id,
            "sign_in_application_gone": registration.sign_in_application_gone,
            "proofs": registration.proofs,
        },
        "plan": {
            "fingerprint": pinning.fingerprint(registration.plan),
            "profile": registration.plan.get("profile"),
            "version": registration.plan.get("version"),
        },
        "error": _error(run),
        "steps": [_step(row) for row in StepRecord.objects.filter(run_id=run.pk).order_by("number")],
        "timeline": _timeline(run),
    }


def _error(run: Run) -> dict[str, Any] | None:
    wanted = ("code", "what", "cure", "acts", "at", "microsoft_code", "aadsts", "request_id", "correlation_id")
    return {name: run.error.get(name) for name in wanted} if run.error else None


def _step(row: StepRecord) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "label": row.label,
        "state": row.state,
        "attempt": row.attempt,
        "intended_at": _moment(row.intent_at),
        "ended_at": _moment(row.done_at),
        "seconds": row.seconds,
        "request_id": row.request_id,
        "error": row.result.get("error", ""),
    }


def _timeline(run: Run) -> list[dict[str, str]]:
    rows = activity(organization_path=current_path() or run.organization.path, limit=200, subject=f"run:{run.pk}")
    return [{"at": _moment(row.at) or "", "event": row.event, "by": row.actor_kind} for row in reversed(rows)]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for title in ("gangway", "run", "registration", "plan", "error"):
        rows = facts[title] or {}
        shown = {name: value for name, value in rows.items() if value not in (None, "", {})}
        if shown:
            yield from ("", title.capitalize(), *(f"  {_words(name)}: {_told(value)}" for name, value in shown.items()))
    yield from ("", said("Steps of the run"))
    yield from (_step_line(step) for step in facts["steps"])
    yield from ("", said("Timeline of the run"))
    yield from (f"  {row['at']}  {row['event']} (by {row['by']})" for row in facts["timeline"])


def _step_line(step: dict[str, Any]) -> str:
    marks = [step["ended_at"] or step["intended_at"] or "", step["state"], said(step["label"])]
    marks += [f"{step['seconds']:.2f} s"] if step["seconds"] is not None else []
    marks += [f"request-id {step['request_id']}"] if step["request_id"] else []
    marks += [step["error"]] if step["error"] else []
    return "  " + "  ".join(mark for mark in marks if mark)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _told(value: Any) -> str:
    return ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else said(str(value))


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False)
