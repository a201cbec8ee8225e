"""Why a command refused to do its work."""

from typing import Final

from gangway.foundation.errors import GangwayError, WhoActs

WHERE_IT_STANDS: Final = "Used by hand on the service's page Connection health"
"""Where the id of a service is read, in a command that can be copied as it is."""


class WebCanOpenSecrets(GangwayError):
    """The web process found a private key that it can read."""

    code = "cli:web:can_open_secrets"
    what = "The web process could read a private key, so it does not start."
    cure = "run web as another system user than workers, and make the key's folder readable by workers only"
    acts = WhoActs.US


class DatabaseUnavailable(GangwayError):
    """No address was given, and the embedded database could not be had."""

    code = "cli:database:unavailable"
    what = "The embedded database did not get ready."
    cure = "run `gangway database` to see why, or give the address of a PostgreSQL of your own"
    acts = WhoActs.US


class NotReady(GangwayError):
    """The doctor found something."""

    code = "cli:doctor:not_ready"
    what = "Not everything is as it must be."
    cure = "do what stands behind each finding, then run `gangway doctor` again"
    acts = WhoActs.US


class NoSuchProvider(GangwayError):
    """No provider has this short name."""

    code = "cli:provider:unknown"
    what = "There is no provider with this short name."
    cure = "correct it, or make the provider with `gangway create-admin`"
    acts = WhoActs.US


class NoSuchOperator(GangwayError):
    """Nobody has this address."""

    code = "cli:operator:unknown"
    what = "No operator has this e-mail address."
    cure = "give the address that the person signs in with"
    acts = WhoActs.US


class NotAServiceId(GangwayError):
    """A name, or half an id, was given where a service's id belongs."""

    code = "cli:service:not_an_id"
    what = "This is not the id of a service."
    cure = f"copy the whole command from where it stands, under {WHERE_IT_STANDS}: the id is in it"
    acts = WhoActs.US


class WouldMixSamples(GangwayError):
    """A provider with that short name is there already; samples never mix with what is real."""

    code = "cli:seed:would_mix"
    what = "There is a provider with this short name already."
    cure = "choose another one with --short-name"
    acts = WhoActs.US
