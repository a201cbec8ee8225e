"""Writes of this room. `start_run`, `resume_run`, `cancel_run` are for the web as well; the rest is for workers."""

from gangway.provisioning.checks import check_registration
from gangway.provisioning.runs import cancel_run, resume_run, start_run
from gangway.provisioning.shapes import PARTNER, CheckItem, CheckResult, SignerFacts
from gangway.provisioning.signers import observe_signer
from gangway.provisioning.waiting import check_now, plan_for, reminded, stop_reminders

__all__ = [
    "PARTNER",
    "CheckItem",
    "CheckResult",
    "SignerFacts",
    "cancel_run",
    "check_now",
    "check_registration",
    "observe_signer",
    "plan_for",
    "reminded",
    "resume_run",
    "start_run",
    "stop_reminders",
]
