"""Audit entries in words for a page of history."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.audit.events import Event
from gangway.audit.queries import ActivityRow, Change
from gangway.invitations.states import State
from gangway.onboarding.sightings import Sighting
from gangway.web.words import INVITATION, Pill, said

SHAPES: Final[Mapping[str, str]] = {
    "services": "phone-call",
    "invitations": "mail",
    "notifications": "send",
    "provisioning": "certificate",
    "onboarding": "route",
    "connections": "plug-connected",
    "vault": "lock",
    "organizations": "building",
}

THINGS: Final[Mapping[str, str | Promise]] = {
    "accounts:invitation": _("Operator's invitation"),
    "accounts:sign_in": _("Operator's sign-in"),
    "onboarding:case": _("Invitation wizard"),
    "onboarding:operator": _("Onboarding"),
    "onboarding:sign_in": _("Sign-in"),
    "notifications:message": _("Message"),
}
"""What a thing is called where its name in the code would puzzle a reader."""


def entry_of(row: ActivityRow) -> dict[str, Any]:
    """Return one entry for the timeline: what happened, to what, by whom, when."""
    return {
        "pill": Pill("", "idle", SHAPES.get(row.event.split(":", 1)[0], "activity")),
        "what": words_of(row.event),
        "who": " · ".join(
            part for part in (row.organization_name, who_did(row.actor_kind, row.actor_name), _named(row)) if part
        ),
        "at": row.at,
        "changes": [Change(_spaced(change.field), change.before, change.after) for change in row.changes],
        "facts": _facts(row),
    }


def _facts(row: ActivityRow) -> list[tuple[str, object]]:
    """Return what else the entry tells, each with its name in words."""
    around = {"subject": row.subject, "from": row.actor_address, "request": row.request_id}
    told = {**row.data, **around}
    return [(_spaced(name), value) for name, value in told.items() if value not in {None, ""}]


def _spaced(name: str) -> str:
    return name.replace("_", " ").capitalize()


def who_did(kind: str, name: str) -> str:
    """Return who it was, for a page; a part of ours is named as Gangway's."""
    return f"Gangway ({name})" if kind == "system" else name


def words_of(event: str) -> str:
    """Return an event's name as a few words, such as "Service: connection changed"."""
    room, thing, happened = event.split(":") if event in set(Event) else ("", event, "")
    subject = THINGS.get(f"{room}:{thing}", thing.replace("_", " ").capitalize())
    return f"{subject}: {happened.replace('_', ' ')}" if happened else str(subject)


def seen_rows(seen: Iterable[Sighting]) -> list[dict[str, Any]]:
    """Give each sighting its words, for a security team."""
    return [{"sighting": one, "what": _seen(one.what)} for one in seen]


def _seen(what: str) -> str:
    if what in set(State):
        return str(said(INVITATION, what).word)
    return words_of(what) if what in set(Event) else what


def _named(row: ActivityRow) -> str:
    """Return what the entry itself calls its object, where it does."""
    for key in ("short_name", "recipient", "name", "to"):
        if row.data.get(key):
            return str(row.data[key])
    return ""
