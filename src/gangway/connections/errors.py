"""What can go wrong with a connection.

ConnectionsError
├── NoSuchConnection    the service has none, or not in this scope
├── NoSuchValidation    there is none, or not in this scope
├── AlreadyConnected    a service has one connection
├── ConnectionSuspended it isn't used: somebody paused it, or its service leaves
├── DecidedAbove        somebody of a level above suspended or forbade it
├── NotMadeYet          a registration beside it has nothing to sign in with
├── MayNotUse, PurposeMissing, TokensForbidden   when tokens are to be handed out
├── NotADomain          the tenant hasn't verified this domain
├── PolicyWrong, FreezeWrong, NoSuchFreeze   what a customer wishes of rotations
├── NoSuchEmergency, NameNotTyped   rotating or suspending everything at once
├── CannotRotateNow     only the customer can renew it
└── EnoughRests         too many that were replaced still live in the tenant
"""

from datetime import datetime
from typing import Final, Self

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.organizations.roles import Kind

WHOSE: Final = {
    Kind.SYSTEM: "platform",
    Kind.PROVIDER: "provider",
    Kind.CHANNEL: "channel",
    Kind.CUSTOMER: "customer",
}


class ConnectionsError(GangwayError):
    """Root of this room's errors."""

    code = "connections:error"
    what = "This can't be done with this connection."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NoSuchConnection(ConnectionsError):
    """The service was not connected yet."""

    code = "connections:connection:unknown"
    what = "This service has no connection to Microsoft 365 yet."
    cure = "Finish its onboarding: it makes the connection."


class NoSuchValidation(ConnectionsError):
    """There is no such validation in this person's scope."""

    code = "connections:validation:unknown"
    what = "We can't find this validation."
    cure = "Open the service's M365 Configuration and look at its history."


class AlreadyConnected(ConnectionsError):
    """The service has its connection; a second one would hide the first."""

    code = "connections:connection:already_made"
    what = "This service is connected already."
    cure = "Look at its M365 Configuration."
    acts = WhoActs.NOBODY


class ConnectionSuspended(ConnectionsError):
    """Somebody paused it, or its service leaves: it isn't used, rotated or validated."""

    code = "connections:connection:suspended"
    what = "This connection is suspended."
    cure = "Whoever suspended it, or somebody above them, can resume it on the service's Connection health."

    @classmethod
    def at(cls, level: str) -> Self:
        """Say who can resume it. `level`: of whoever suspended it; empty where its service leaves."""
        if not level:
            return cls(cure="Its service is to be deleted: keep it first. Whoever may delete services can do that.")
        whose = f"Somebody of the {WHOSE[Kind(level)]} suspended it"
        return cls(cure=f"{whose}: they, or somebody above them, can resume it on the service's Connection health.")


class DecidedAbove(ConnectionsError):
    """Who suspended or forbade something decides: it is undone at their level or above, never below."""

    code = "connections:decided_above"
    what = "Somebody of a level above yours decided this."
    cure = "Ask them: only people of that level, or of one above it, can take it back."


class NotMadeYet(ConnectionsError):
    """A registration beside the connection has nothing to sign in with: it was not finished, or is gone."""

    code = "connections:companion:not_made_yet"
    what = "This registration is not made yet, so there is nothing to validate."
    cure = "Its run says what it waits for, and who can finish it."


class MayNotUse(ConnectionsError):
    """The person has no right to use this service's connection, or there is no such service: it isn't said which."""

    code = "connections:tokens:not_allowed"
    what = "This person may not use the connection of this service, or there is no such service."
    cure = "Give the id as it stands in the address of the service's page, and a person with the right to use it."


class PurposeMissing(ConnectionsError):
    """Tokens are given for something, and the activity log keeps what it was."""

    code = "connections:tokens:purpose_missing"
    what = "The purpose is missing."
    cure = "Say in some words what the tokens are for; the activity log keeps it."


class TokensForbidden(ConnectionsError):
    """The customer, or the provider for them, forbade it."""

    code = "connections:tokens:forbidden"
    what = "This customer's connections hand out no tokens: somebody forbade it."
    cure = "Ask the customer; on a service's Connection health it can be allowed again."


class NotADomain(ConnectionsError):
    """The domain is none of those that the tenant has verified."""

    code = "connections:domain:not_verified"
    what = "The tenant has not verified this domain."
    cure = "Choose one of the tenant's verified domains."


class PolicyWrong(ConnectionsError):
    """Days that a policy can't have."""

    code = "connections:policy:wrong"
    what = "This number of days is not possible."
    cure = "Rotate 1 to 180 days before the end, with 0 to 60 days of notice."


class FreezeWrong(ConnectionsError):
    """A freeze that ends before it begins, or is over."""

    code = "connections:freeze:wrong"
    what = "This freeze would be over before it begins."
    cure = "Let it end later than it begins, and later than now."


class FreezeTooLong(ConnectionsError):
    """A freeze in whose time everything would end unrenewed, mostly by a year that was mistyped."""

    code = "connections:freeze:too_long"
    what = "This freeze would last longer than a year, or lie more than ten years ahead."
    cure = "Look at the years once more. A longer one is added piece by piece."


class NoSuchFreeze(ConnectionsError):
    """There is none, or not in this scope."""

    code = "connections:freeze:unknown"
    what = "There is no such freeze."
    cure = "Load the page again; perhaps somebody ended it."


class CannotRotateNow(ConnectionsError):
    """The registration can't renew itself: a person at the customer has to."""

    code = "connections:rotation:needs_customer"
    what = "This registration can't renew its credential by itself."
    cure = "Press Re-initiate Authentication Flow: an administrator of the customer signs in by a link."


class EnoughRests(ConnectionsError):
    """Each press leaves one more living credential in the customer's tenant until its rest is over."""

    code = "connections:rotation:enough_rests"
    what = "As many replaced credentials as may still rest in the customer's tenant."
    cure = "Rotate it again once one of them is removed. What can't wait is rotated by an emergency."

    @classmethod
    def of(cls, short_name: str, many: int, next_ends: datetime, *, now: datetime) -> Self:
        """Say of which service how many rest, and when the next one's rest is over."""
        what = f"{many} replaced credentials of “{short_name}” still rest in the customer's tenant."
        if next_ends <= now:
            return cls(what, cure="Rotate it again once one is removed: a freeze or a suspension may hold that up.")
        day = f"{next_ends.day} {next_ends:%B %Y, %H:%M} UTC"
        return cls(what, cure=f"The next one rests until {day} and is then removed: rotate it again after that.")


class NoSuchEmergency(ConnectionsError):
    """There is none, or not in this scope."""

    code = "connections:emergency:unknown"
    what = "There is no such emergency."
    cure = "Go back to the list."


class NameNotTyped(ConnectionsError):
    """Somebody must type the name of what everything is done to."""

    code = "connections:emergency:not_confirmed"
    what = "This isn't the name of what you chose."
    cure = "Type the name as it stands there, to say that you mean it."
