"""How states are said and drawn: one word, one shape, one tone each. Never colour alone, never "Success" for a hope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Pill:
    """A state for the eye: its word, its tone (ok, warning, error, busy, idle) and the name of its shape."""

    word: str | Promise
    tone: str
    shape: str
    turning: bool = False


UNKNOWN: Final = Pill(_("Unknown"), "idle", "help-circle")
PLANNED: Final = Pill(_("Not created yet"), "idle", "circle-dashed")

LEAVES: Final = Pill(_("Will be deleted"), "warning", "hourglass")
DELETING: Final = Pill(_("Being deleted"), "warning", "hourglass")
DELETED: Final = Pill(_("Deleted"), "idle", "ban")
GIVEN_UP: Final = Pill(_("Given up"), "idle", "ban")

LIFE: Final[Mapping[str, Pill]] = {
    "planned": PLANNED,
    "leaving": LEAVES,
    "deleting": DELETING,
    "deleted": DELETED,
    "abandoned": GIVEN_UP,
}
"""What is said of a service instead of its connection; a created one has its connection's own word."""

CONNECTION: Final[Mapping[str, Pill]] = {
    "ok": Pill(_("OK"), "ok", "circle-check"),
    "warning": Pill(_("Warning"), "warning", "alert-triangle"),
    "error": Pill(_("Error"), "error", "alert-octagon"),
    "unknown": UNKNOWN,
    "suspended": Pill(_("Suspended"), "idle", "ban"),
}

DEPLOYMENT: Final[Mapping[str, Pill]] = {
    "ready": Pill(_("Ready"), "busy", "circle"),
    "deployed": Pill(_("Deployed"), "ok", "circle-check"),
    "failed": Pill(_("Failed"), "error", "alert-octagon"),
    "none": Pill(_("Not started"), "idle", "circle-dashed"),
}

DEPLOYMENT_MEANS: Final[Mapping[str, str | Promise]] = {"ready": _("Voice routing is not deployed yet.")}
"""What a word of deployment means, where it sounds like more."""

INVITATION: Final[Mapping[str, Pill]] = {
    "draft": Pill(_("Draft"), "idle", "circle-dashed"),
    "queued": Pill(_("Sending the mail"), "busy", "clock"),
    "sent": Pill(_("Waiting for the administrator"), "busy", "hourglass"),
    "bounced": Pill(_("The mail was refused"), "error", "alert-octagon"),
    "opened": Pill(_("Opened"), "busy", "eye"),
    "signed_in": Pill(_("Signed in"), "busy", "user"),
    "provisioning": Pill(_("Making it"), "busy", "loader-2"),
    "copying": Pill(_("Microsoft is copying it"), "busy", "hourglass"),
    "waiting_for_administrator": Pill(_("Waiting for another administrator"), "warning", "hourglass"),
    "waiting_for_approval": Pill(_("Waiting for approval"), "busy", "hourglass"),
    "authenticated": Pill(_("Ready to add"), "ok", "circle-check"),
    "added": Pill(_("Added"), "ok", "plug-connected"),
    "failed": Pill(_("Needs attention"), "error", "alert-octagon"),
    "declined": Pill(_("Declined"), "error", "ban"),
    "reported": Pill(_("Reported as unexpected"), "error", "alert-octagon"),
    "expired": Pill(_("Expired"), "idle", "clock"),
    "revoked": Pill(_("Withdrawn"), "idle", "ban"),
}

RUN: Final[Mapping[str, Pill]] = {
    "queued": Pill(_("Queued"), "busy", "clock"),
    "running": Pill(_("Making it"), "busy", "loader-2", turning=True),
    "copying": Pill(_("Microsoft is copying it"), "busy", "hourglass"),
    "waiting": Pill(_("Waiting"), "warning", "hourglass"),
    "needs_sign_in": Pill(_("Needs a new sign-in"), "warning", "user"),
    "proved": Pill(_("Proved"), "ok", "circle-check"),
    "failed": Pill(_("Stopped"), "error", "alert-octagon"),
    "cancelled": Pill(_("Cancelled"), "idle", "ban"),
}

RUN_KIND: Final[Mapping[str, str | Promise]] = {
    "setup": _("Make the App registration"),
    "repair": _("Add what the App registration lacks"),
    "upgrade": _("Bring the App registration to a newer version"),
    "audit": _("Compare the App registration with its plan"),
    "teardown": _("Take away what is ours"),
    "rotation": _("Renew the credential"),
    "credential": _("Make a credential for this service"),
}
"""What a run is for."""

WAITS_FOR: Final[Mapping[str, Pill]] = {
    "registration": Pill(_("Waiting for the App registration"), "warning", "hourglass"),
    "consent": Pill(_("Waiting for consent"), "warning", "hourglass"),
    "roles": Pill(_("Waiting for roles"), "warning", "hourglass"),
    "consent_and_roles": Pill(_("Waiting for consent and roles"), "warning", "hourglass"),
}

CASE: Final[Mapping[str, Pill]] = {
    "sent": Pill(_("Asked"), "busy", "send"),
    "bounced": Pill(_("The mail was refused"), "error", "alert-octagon"),
    "opened": Pill(_("Opened"), "busy", "eye"),
    "revoked": Pill(_("Withdrawn"), "idle", "ban"),
}
"""Another administrator's own link: how far its holder has come."""

STEP: Final[Mapping[str, Pill]] = {
    "planned": Pill(_("Not started"), "idle", "circle-dashed"),
    "intended": Pill(_("Working"), "busy", "loader-2", turning=True),
    "done": Pill(_("Done"), "ok", "check"),
    "skipped": Pill(_("Was already so"), "ok", "check"),
    "failed": Pill(_("Failed"), "error", "alert-octagon"),
    "waiting": Pill(_("Waiting"), "warning", "hourglass"),
    "undone": Pill(_("Taken back"), "idle", "circle-dashed"),
    "unknown": UNKNOWN,
}

LEFTOVER: Final[Mapping[str, Pill]] = {
    "application": Pill(_("App registration"), "warning", "certificate"),
    "deleted_application": Pill(_("Deleted app registration"), "idle", "clock"),
    "principal": Pill(_("Enterprise application"), "warning", "plug-connected"),
    "credential": Pill(_("Credential"), "warning", "lock"),
    "permission": Pill(_("Permission"), "warning", "lock"),
    "role": Pill(_("Directory role"), "warning", "user"),
    "sign_in_application": Pill(_("Sign-in application"), "warning", "user"),
}

STANDING: Final[Mapping[str, Pill]] = {
    "there": Pill(_("In the tenant"), "ok", "check"),
    "deleted": Pill(_("Deleted, kept by Microsoft for 30 days"), "error", "clock"),
    "gone": Pill(_("Not in the tenant any more"), "error", "x"),
}
"""How a registration stood in its tenant; without a look it is *Unknown*."""

LOOKED_BY: Final[Mapping[str, Pill]] = {
    "signed_in": Pill(_("by an administrator who signed in"), "idle", "user"),
    "own_right": Pill(_("by the registration's own right"), "idle", "certificate"),
    "itself": Pill(_("it signed in by itself; what else is there is unknown"), "idle", "help-circle"),
}

PART: Final[Mapping[str, Pill]] = {
    "can": Pill(_("This account can do it"), "ok", "check"),
    "activate": Pill(_("A role has to be activated first"), "warning", "clock"),
    "needs_other": Pill(_("Needs another administrator"), "warning", "user"),
    "forbidden": Pill(_("Something stands in the way"), "error", "ban"),
    "unknown": Pill(_("We can't tell before trying"), "idle", "help-circle"),
}

VALIDATION: Final[Mapping[str, Pill]] = {
    "queued": Pill(_("Queued"), "busy", "clock"),
    "running": Pill(_("Checking"), "busy", "loader-2", turning=True),
    "failed": Pill(_("Could not be checked"), "warning", "alert-triangle"),
}

LOOK: Final[Mapping[str, Pill]] = {
    **VALIDATION,
    "done": Pill(_("Checked"), "ok", "check"),
}
"""How far a look at a sign-in application has come."""

VERDICT: Final[Mapping[str, Pill]] = {
    "ok": Pill(_("As it must be"), "ok", "circle-check"),
    "warning": Pill(_("Look at this"), "warning", "alert-triangle"),
    "wrong": Pill(_("Wrong"), "error", "alert-octagon"),
    "unknown": UNKNOWN,
}

HOST: Final[Mapping[str, Pill]] = {
    "right": Pill(_("Proved"), "ok", "circle-check"),
    "not_yet": Pill(_("Being looked at"), "busy", "loader-2", turning=True),
    "nothing": Pill(_("No record yet"), "warning", "hourglass"),
    "other": Pill(_("Another record"), "error", "alert-octagon"),
    "silence": Pill(_("Its name server doesn't answer"), "warning", "alert-triangle"),
}
"""What is said of a host name's proof: what a worker saw in its DNS."""

PURPOSE: Final[Mapping[str, str | Promise]] = {
    "connect": _("To connect a new service"),
    "renew": _("To renew the credential"),
    "repair": _("To add what is missing"),
    "move": _("To bring the App registration up to date"),
    "replace": _("To move to a new App registration"),
    "upgrade": _("To connect for an upgrade"),
    "beside": _("To type in what is used beside the connection"),
}
"""What an invitation is for, as operators read it."""

ENCRYPTION: Final[Mapping[str, str | Promise]] = {
    "starttls": _("STARTTLS"),
    "implicit": _("TLS from the first byte on"),
    "none": _("None"),
}
"""How we speak with a mail server."""

DELIVERY: Final[Mapping[str, Pill]] = {
    "queued": Pill(_("On its way"), "busy", "loader-2", turning=True),
    "retrying": Pill(_("Delayed, tried again by itself"), "warning", "clock"),
    "sent": Pill(_("Taken by the mail server"), "ok", "circle-check"),
    "failed": Pill(_("Not sent"), "error", "alert-octagon"),
    "bounced": Pill(_("Refused for good"), "error", "alert-octagon"),
}

OPERATOR: Final[Mapping[str, Pill]] = {
    "active": Pill(_("Active"), "ok", "circle-check"),
    "no_second_factor": Pill(_("No second factor"), "warning", "alert-triangle"),
    "suspended": Pill(_("Suspended"), "idle", "ban"),
}

OPERATOR_INVITATION: Final[Mapping[str, Pill]] = {
    "pending": Pill(_("Invited"), "busy", "hourglass"),
    "accepted": Pill(_("Accepted"), "ok", "circle-check"),
    "revoked": Pill(_("Withdrawn"), "idle", "ban"),
    "expired": Pill(_("Expired"), "idle", "clock"),
}

GRANT: Final[Mapping[str, Pill]] = {
    "as_planned": Pill(_("As planned"), "ok", "check"),
    "missing": Pill(_("Missing"), "error", "alert-octagon"),
    "more_than_needed": Pill(_("More than needed"), "warning", "alert-triangle"),
    "left_out": Pill(_("Not offered here, left out"), "idle", "circle-dashed"),
    "unknown": UNKNOWN,
}

USER_NAME: Final[Mapping[str, str | Promise]] = {
    "sign_in": _("Signed in at Microsoft and authenticated the registration."),
    "operator": _("Entered the credentials. Nobody signed in at Microsoft."),
    "link": _("Not signed in: somebody who held the link typed the credentials in."),
}
"""What *User Name* means, by how a connection came about."""

END_FROM: Final[Mapping[str, str | Promise]] = {
    "read": _("Read in the tenant, by its key ID"),
    "recorded": _("Recorded when it was made"),
    "typed": _("As it was typed in; nobody could read it"),
}
"""Where the end of a credential was learnt."""

DONE_BY: Final[Mapping[str, str | Promise]] = {
    "created": _("App registration created by"),
    "consented": _("Permissions consented by"),
    "roles": _("Roles assigned by"),
}

CHECK: Final[Mapping[str, Pill]] = {
    "ok": Pill(_("OK"), "ok", "check"),
    "warning": Pill(_("Warning"), "warning", "alert-triangle"),
    "error": Pill(_("Wrong"), "error", "alert-octagon"),
    "missing": Pill(_("Missing"), "error", "alert-octagon"),
    "refused": Pill(_("Refused by Microsoft"), "error", "alert-octagon"),
    "over": Pill(_("Expired"), "error", "alert-octagon"),
    "unknown": UNKNOWN,
    "pending": Pill(_("Checking"), "busy", "loader-2", turning=True),
}
"""What was looked at; of an error, what kind it is."""

ROTATION: Final[Mapping[str, Pill]] = {
    "none": Pill(_("By hand"), "idle", "circle-dashed"),
    "looked_at": Pill(_("Being looked at"), "busy", "loader-2", turning=True),
    "planned": Pill(_("Planned"), "ok", "calendar"),
    "under_way": Pill(_("Under way"), "busy", "refresh"),
    "needs_customer": Pill(_("Needs the customer"), "warning", "user"),
    "frozen": Pill(_("Frozen"), "warning", "lock"),
    "failed": Pill(_("Failed, tried again"), "error", "alert-octagon"),
}
"""How the rotation of a connection's credential stands."""

ITEM: Final[Mapping[str, Pill]] = {
    "waiting": Pill(_("Waiting"), "idle", "clock"),
    "under_way": Pill(_("Under way"), "busy", "refresh"),
    "done": Pill(_("Done"), "ok", "check"),
    "needs_customer": Pill(_("Needs the customer"), "warning", "user"),
    "failed": Pill(_("Failed"), "error", "alert-octagon"),
    "untouched": Pill(_("Not touched"), "warning", "alert-triangle"),
}
"""How far one connection of an emergency is."""

DEED: Final[Mapping[str, str | Promise]] = {
    "rotate": _("Rotate every credential"),
    "suspend": _("Suspend every connection"),
    "resume": _("Resume what an emergency suspended"),
}
"""What is done with everything in an emergency."""

SEVERITY: Final[Mapping[str, Pill]] = {
    "notice": Pill(_("To know"), "idle", "info-circle"),
    "warning": Pill(_("Soon"), "warning", "alert-triangle"),
    "critical": Pill(_("Now"), "error", "alert-octagon"),
}
"""How soon somebody must act on an alarm."""

ALARM: Final[Mapping[str, Pill]] = {
    "open": Pill(_("Open"), "warning", "alert-triangle"),
    "acknowledged": Pill(_("Looked after"), "busy", "user"),
    "cleared": Pill(_("Over"), "ok", "circle-check"),
}

KIND: Final[Mapping[str, str | Promise]] = {
    "credential_ends": _("Credential ends"),
    "roles_end": _("Roles end"),
    "connection": _("Connection"),
    "rotation": _("Rotation"),
    "needs_customer": _("Needs the customer"),
    "disconnected": _("Disconnected by the customer"),
    "unexpected": _("Invitation not expected"),
    "drift": _("Less than planned"),
    "tenant_twice": _("Tenant at two customers"),
    "undelivered": _("Warning not delivered"),
    "nobody_told": _("Nobody to tell"),
    "platform": _("This platform"),
}
"""What alarms are about."""

HAPPENED: Final[Mapping[str, Pill]] = {
    "raised": Pill(_("Raised"), "warning", "alert-triangle"),
    "repeated": Pill(_("Said again"), "warning", "mail"),
    "worse": Pill(_("Became worse"), "error", "alert-triangle"),
    "acknowledged": Pill(_("Acknowledged"), "busy", "user"),
    "cleared": Pill(_("Cleared"), "ok", "check"),
}
"""Lines of an alarm's history."""

NOTICE: Final[Mapping[str, Pill]] = {
    "waiting": Pill(_("Waiting for its hour"), "idle", "clock"),
    "sending": Pill(_("On its way"), "busy", "send"),
    "sent": Pill(_("Sent"), "ok", "check"),
    "failed": Pill(_("Not delivered"), "error", "alert-octagon"),
    "dropped": Pill(_("Over before its hour"), "idle", "circle-minus"),
}

AUDIENCE: Final[Mapping[str, str | Promise]] = {
    "operator": _("Looks after it"),
    "contact": _("Customer's contact"),
    "machine": _("Webhook"),
}

IMPORT_KIND: Final[Mapping[str, str | Promise]] = {
    "new": _("New services, whose administrators get an invitation"),
    "existing": _("Connections that are there already, with their client secrets"),
}
"""What the rows of a file are."""

IMPORT: Final[Mapping[str, Pill]] = {
    "checked": Pill(_("Looked at, not started"), "idle", "circle-dashed"),
    "running": Pill(_("Under way"), "busy", "refresh"),
    "done": Pill(_("Done"), "ok", "circle-check"),
    "stopped": Pill(_("Stopped"), "warning", "ban"),
    "discarded": Pill(_("Discarded"), "idle", "ban"),
    "expired": Pill(_("Expired"), "idle", "clock"),
}

IMPORT_ROW: Final[Mapping[str, Pill]] = {
    "wrong": Pill(_("Can't be imported"), "error", "alert-octagon"),
    "ready": Pill(_("Ready"), "idle", "circle"),
    "invited": Pill(_("Invited"), "ok", "mail"),
    "proving": Pill(_("Being proved"), "busy", "loader-2", turning=True),
    "proved": Pill(_("Proved"), "ok", "circle-check"),
    "failed": Pill(_("Failed"), "error", "alert-octagon"),
    "left_out": Pill(_("Left out"), "idle", "circle-minus"),
}
"""How far one row of an import is."""

WHO_ACTS: Final[Mapping[str, str | Promise]] = {
    "nobody": _("Nobody has to do anything."),
    "retry_later": _("It is worth trying again later."),
    "administrator": _("The customer's administrator acts next."),
    "operator": _("You act next."),
    "us": _("The people who run Gangway act next."),
}


def said(table: Mapping[str, Pill], state: str) -> Pill:
    """Look a state up; one that has no word yet is shown as *Unknown*, never hidden."""
    return table.get(str(state), UNKNOWN)
