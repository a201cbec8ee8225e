"""What can go wrong with sealed secrets. None of these ever holds a part of a secret."""

from gangway.foundation.errors import GangwayError, WhoActs


class VaultClosed(GangwayError):
    """No private key in this process: only workers are given one."""

    code = "vault:key:closed"
    what = "This process cannot open sealed secrets."
    cure = "run it in a worker that has the private key of this number"
    acts = WhoActs.US


class SealingKeyMissing(GangwayError):
    """There is no public key to seal to."""

    code = "vault:key:missing"
    what = "There is no key to seal secrets with."
    cure = "make one with `gangway keys new`"
    acts = WhoActs.US


class SealingKeyUnreadable(GangwayError):
    """A key file is not what its name says."""

    code = "vault:key:unreadable"
    what = "A sealing key file is damaged or is not a key."
    cure = "restore it from the backup"
    acts = WhoActs.US


class SealBroken(GangwayError):
    """The ciphertext does not belong to this place, or was changed."""

    code = "vault:seal:broken"
    what = "A sealed secret does not belong where it was found."
    cure = "look at the activity log and the backups; the secret has to be made anew"
    acts = WhoActs.US


class SecretDestroyed(GangwayError):
    """The ciphertext was destroyed, as promised to the customer."""

    code = "vault:secret:destroyed"
    what = "This secret was destroyed."
    cure = "ask for a new one"
    acts = WhoActs.NOBODY


class SecretMissing(GangwayError):
    """No row has this id."""

    code = "vault:secret:missing"
    what = "There is no such sealed secret."
    cure = "ask for a new one"
    acts = WhoActs.US
