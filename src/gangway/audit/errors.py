"""What can go wrong when something is recorded."""

from gangway.foundation.errors import GangwayError, WhoActs


class SecretInAudit(GangwayError):
    """An audit entry is kept for years and read by many, so nothing secret, and no name of a secret, gets in."""

    code = "audit:data:secret"
    what = "Something on our side tried to write a secret into the activity log."
    cure = "Nothing was written or changed. Please tell us how you got here."
    acts = WhoActs.US


class DataNotPlain(GangwayError):
    """Only short plain values are recorded."""

    code = "audit:data:not_plain"
    what = "Something on our side tried to write more than plain values into the activity log."
    cure = "Nothing was written or changed. Please tell us how you got here."
    acts = WhoActs.US
