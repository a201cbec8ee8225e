"""What can go wrong with the platform as an issuer."""

from gangway.foundation.errors import GangwayError, WhoActs


class NoIssuer(GangwayError):
    """The setting that makes the platform an issuer is missing."""

    code = "federation:issuer:missing"
    what = "This platform is no issuer of tokens, so registrations can't trust it."
    cure = "set GANGWAY_ISSUER_URL to a stable https address of the web pages, or use certificates"
    acts = WhoActs.US


class NoSigningKey(GangwayError):
    """There is no key to sign with."""

    code = "federation:key:missing"
    what = "There is no key to sign this platform's tokens with."
    cure = "start a worker: it makes the first one; or use `gangway federation rotate-key`"
    acts = WhoActs.US
