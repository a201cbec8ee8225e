"""How a service stands and what happened to it, in its customer's words: what concerns them, and by whom."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gangway.audit.events import Event
from gangway.audit.queries import ActivityRow
from gangway.connections.actions import RESUMED
from gangway.onboarding.own_view.reading import ServiceSight
from gangway.services.states import Connection, Lifecycle
from gangway.web.words import Pill

WORDS: Final[Mapping[Event, tuple[str | Promise, str]]] = {
    Event.SERVICE_CREATED: (gettext_lazy("The service was created"), "phone-call"),
    Event.CONNECTION_MADE: (gettext_lazy("It was connected with your Microsoft 365"), "plug-connected"),
    Event.CONNECTION_RENEWED: (gettext_lazy("Its connection was renewed"), "refresh"),
    Event.CONNECTION_SUSPENDED: (gettext_lazy("Its connection was suspended: it is not used"), "clock"),
    Event.CONNECTION_RESUMED: (gettext_lazy("Its connection is used again"), "plug-connected"),
    Event.CONNECTION_SETTINGS_CHANGED: (gettext_lazy("Its Microsoft 365 settings were changed"), "server"),
    Event.CONNECTION_TOKENS_GIVEN: (gettext_lazy("Short-lived access to it was handed out"), "key"),
    Event.RENEWAL_BEGUN: (gettext_lazy("Your organization began to renew it"), "refresh"),
    Event.ROTATION_PLANNED: (gettext_lazy("The renewal of its credential was planned"), "clock"),
    Event.ROTATION_ASKED: (gettext_lazy("Its credential is renewed"), "refresh"),
    Event.SERVICE_RENAMED: (gettext_lazy("It got another name"), "phone-call"),
    Event.SERVICE_USERS_CHANGED: (gettext_lazy("Its number of licensed users was changed"), "users"),
    Event.SERVICE_LICENCE_CHANGED: (gettext_lazy("Its licence type was changed"), "certificate"),
    Event.SERVICE_DISCONNECTED: (gettext_lazy("Your organization disconnected it"), "ban"),
    Event.DISCONNECTION_TAKEN_BACK: (gettext_lazy("Your organization took the disconnecting back"), "check"),
    Event.SERVICE_LEAVING: (gettext_lazy("It will be removed; until then this can be taken back"), "hourglass"),
    Event.SERVICE_KEPT: (gettext_lazy("It is kept"), "check"),
    Event.SERVICE_DELETION_BEGUN: (gettext_lazy("What belongs to it is being removed from your tenant"), "hourglass"),
    Event.SERVICE_DELETED: (gettext_lazy("It is gone"), "ban"),
    Event.LEFTOVER_FOUND: (gettext_lazy("Something of it could not be removed from your tenant"), "alert-triangle"),
    Event.LEFTOVER_CLEARED: (gettext_lazy("Something that remained is gone now"), "check"),
    Event.REMOVAL_ASKED: (gettext_lazy("Your organization was asked to sign in, to remove what remains"), "mail"),
}
"""Each event that a customer hears of, with its icon. What isn't here is the provider's own affair."""


def history_of(
    rows: Iterable[ActivityRow], *, sides: Mapping[str, str], registrations: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the entries for a timeline. A person of ours is named as the organization they work for.

    `registrations`: the names of those that the service uses, by profile, where it uses more than one.
    """
    known = {event.value: event for event in WORDS}
    found = []
    for row in rows:
        if row.event in known:
            words, shape = WORDS[known[row.event]]
            told = row.data.get("name") if known[row.event] in NAMING else _registration(row, known, registrations)
            found.append(
                {
                    "pill": Pill("", "idle", shape),
                    "what": words,
                    "who": " · ".join(part for part in (_who(row, sides), str(told or "")) if part),
                    "at": row.at,
                }
            )
    return found


NAMING: Final = frozenset({Event.LEFTOVER_FOUND, Event.LEFTOVER_CLEARED})
"""Events whose entry says which thing it was."""
OF_ONE: Final = frozenset(
    {Event.CONNECTION_MADE, Event.CONNECTION_RENEWED, Event.ROTATION_PLANNED, Event.ROTATION_ASKED}
)
"""Events of one registration, which is named where the service uses several; the first one's carry no profile."""


def _registration(row: ActivityRow, known: Mapping[str, Event], registrations: Mapping[str, str]) -> str:
    return registrations.get(str(row.data.get("profile") or ""), "") if known[row.event] in OF_ONE else ""


def _who(row: ActivityRow, sides: Mapping[str, str]) -> str:
    if row.actor_kind == "system":
        return _("By itself")
    if row.actor_kind == "person":
        return sides.get(row.actor_id) or _("Somebody who has no role here any more")
    return row.actor_name


def why_unknown(sight: ServiceSight) -> str:
    """Say why nobody knows how a connection stands, and what its customer can do; empty where somebody knows."""
    about, found = sight.about, sight.connection
    if about.lifecycle is not Lifecycle.CREATED or about.connection is not Connection.UNKNOWN:
        return ""
    if found.status_words == RESUMED:
        return _("It is used again and has not been checked since. The check runs by itself, as a rule within minutes.")
    asked, credential = {"provider": about.provider_name}, found.credential
    if credential is not None and credential.kind != "federated" and credential.expires_at is None:
        return (
            _(
                "Nobody knows when its credential ends, so nobody can remind you in time. The day stands beside the "
                "credential in Microsoft's portal: tell %(provider)s, who can note it here."
            )
            % asked
        )
    return (
        _(
            "The last check could not find out how it stands. It is checked again by itself; if it stays so, ask "
            "%(provider)s."
        )
        % asked
    )
