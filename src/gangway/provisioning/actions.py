"""Writes of this room. What starts, resumes, cancels or clears is for the web as well; the rest is for workers."""

from gangway.provisioning.beside import check_beside, make_beside, take_back_beside
from gangway.provisioning.checks import check_registration
from gangway.provisioning.in_use import on_use
from gangway.provisioning.leftovers import (
    SignInLeft,
    hold_registrations,
    hold_registrations_of,
    mark_removed,
    on_called,
    taken_into_use,
)
from gangway.provisioning.resting import on_rest
from gangway.provisioning.runs import cancel_run, resume_run, start_run
from gangway.provisioning.shapes import PARTNER, CheckItem, CheckResult, SignerFacts
from gangway.provisioning.sign_in_application import note_without_run as note_sign_in_left
from gangway.provisioning.sign_in_application import on_need
from gangway.provisioning.signers import observe_signer
from gangway.provisioning.starting import (
    SignedIn,
    start_audit,
    start_credential,
    start_repair,
    start_rotation,
    start_teardown,
    try_again,
    try_together,
)
from gangway.provisioning.switching import on_switch, switch
from gangway.provisioning.typed import type_end
from gangway.provisioning.waiting import check_now, plan_for, reminded, stop_reminders

__all__ = [
    "PARTNER",
    "CheckItem",
    "CheckResult",
    "SignInLeft",
    "SignedIn",
    "SignerFacts",
    "cancel_run",
    "check_beside",
    "check_now",
    "check_registration",
    "hold_registrations",
    "hold_registrations_of",
    "make_beside",
    "mark_removed",
    "note_sign_in_left",
    "observe_signer",
    "on_called",
    "on_need",
    "on_rest",
    "on_switch",
    "on_use",
    "plan_for",
    "reminded",
    "resume_run",
    "start_audit",
    "start_credential",
    "start_repair",
    "start_rotation",
    "start_run",
    "start_teardown",
    "stop_reminders",
    "switch",
    "take_back_beside",
    "taken_into_use",
    "try_again",
    "try_together",
    "type_end",
]
