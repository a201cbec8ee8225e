"""Audit entries in words for a page of history."""

from __future__ import annotations

from typing import Any

from gangway.audit.events import Event
from gangway.audit.queries import ActivityRow
from gangway.web.words import Pill

SHAPES = {
    "services": "phone-call",
    "invitations": "mail",
    "notifications": "send",
    "provisioning": "certificate",
    "onboarding": "route",
    "connections": "plug-connected",
    "vault": "lock",
    "organizations": "building",
}


def entry_of(row: ActivityRow) -> dict[str, Any]:
    """Return one entry for the timeline: what happened, to what, by whom, when."""
    return {
        "pill": Pill("", "idle", SHAPES.get(row.event.split(":", 1)[0], "activity")),
        "what": words_of(row.event),
        "who": " · ".join(part for part in (row.organization_name, row.actor_name, _named(row)) if part),
        "at": row.at,
    }


def words_of(event: str) -> str:
    """Return an event's name as a few words: "Service connection changed" for `services:service:connection_changed`."""
    known = event in set(Event)
    _room, thing, happened = event.split(":") if known else ("", event, "")
    return f"{thing} {happened}".replace("_", " ").strip().capitalize()


def _named(row: ActivityRow) -> str:
    """Return what the entry itself calls its object, where it does."""
    for key in ("short_name", "recipient", "name", "to"):
        if row.data.get(key):
            return str(row.data[key])
    return ""
