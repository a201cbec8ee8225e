"""What workers do with their keys by the clock: they sign the log and cut it, and seal anew what an older key opens."""

from datetime import timedelta
from typing import Final

from django.conf import settings

from gangway.audit import keeping
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.vault import actions, signing

SIGN: Final = "vault:sign_the_log"
CUT: Final = "vault:cut_the_log"
ANEW: Final = "vault:seal_anew"
AT_ONCE: Final = 500
"""Texts sealed anew in one go; the rest an hour later."""


@task(name=SIGN, deadline_seconds=300)
def sign_the_log() -> None:
    """Sign the end of every chain that has grown: from then on its end can't vanish unseen."""
    folder = settings.GANGWAY.sealing_private_keys_dir
    number = signing.newest_number(folder)
    keeping.checkpoint(sign=signing.signing_key(folder, number, signing.AUDIT).sign, key_number=number)


@task(name=CUT, deadline_seconds=3600)
def cut_the_log() -> None:
    """Remove what is older than the log is kept; nothing where no such time is set."""
    days = settings.GANGWAY.audit_days
    if days is not None:
        keeping.cut(before=clock.now() - timedelta(days=days), by=Actor.system("retention"))


@task(name=ANEW, deadline_seconds=600)
def seal_anew() -> None:
    """After `gangway keys new`: bring what the older keys open to the newest one, so that they can be put away."""
    actions.seal_anew(most=AT_ONCE, by=Actor.system("keys"))


every(3600, ANEW)
every(6 * 3600, SIGN)
every(24 * 3600, CUT)
