"""What can go wrong with a connection.

ConnectionsError
├── NoSuchConnection    the service has none, or not in this scope
├── NoSuchValidation    there is none, or not in this scope
├── AlreadyConnected    a service has one connection
├── ConnectionSuspended it isn't used: somebody paused it, or its service leaves
├── NotMadeYet          a registration beside it has nothing to sign in with
└── NotADomain          the tenant hasn't verified this domain
"""

from gangway.foundation.errors import GangwayError, WhoActs


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
    cure = "Resume it on the service's Danger zone first."


class NotMadeYet(ConnectionsError):
    """A registration beside the connection has nothing to sign in with: it was not finished, or is gone."""

    code = "connections:companion:not_made_yet"
    what = "This registration is not made yet, so there is nothing to validate."
    cure = "Its run says what it waits for, and who can finish it."


class NotADomain(ConnectionsError):
    """The domain is none of those that the tenant has verified."""

    code = "connections:domain:not_verified"
    what = "The tenant has not verified this domain."
    cure = "Choose one of the tenant's verified domains."
