"""What can go wrong with a connection.

ConnectionsError
├── NoSuchConnection    the service has none, or not in this scope
├── NoSuchValidation    there is none, or not in this scope
├── AlreadyConnected    a service has one connection
└── ConnectionSuspended its service is being deleted
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
    """The service is being deleted, so its connection isn't used any more."""

    code = "connections:connection:suspended"
    what = "This connection is suspended, because its service is being deleted."
    cure = "There is nothing to validate any more; the service's page tells how its deletion goes."
    acts = WhoActs.NOBODY
