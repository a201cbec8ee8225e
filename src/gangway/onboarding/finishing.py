"""*Finish by itself when the checks pass*: what an operator would press, done by a worker while everything is known.

Whatever isn't known, or doesn't pass, stops it where it is; the operator is told and goes on from there.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.queries import InvitationView
from gangway.onboarding import operator
from gangway.onboarding.askers import may_still_add
from gangway.onboarding.errors import AlreadyAdded
from gangway.onboarding.models import OperatorOnboarding
from gangway.onboarding.rows import lock_onboarding
from gangway.organizations.place_queries import tenants_of
from gangway.organizations.roles import Capability
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as provisioning

PASSED: Final = frozenset({"ok", "warning"})
STOPPED: Final = invitations.News(
    "Not finished by itself",
    "Open the invitation and go on from there; everything that was done is kept.",
)
GONE: Final = "Whoever asked for it may not add services here any more."
FINISHED: Final = invitations.News("The service was created by itself", "Nothing; it is in the list of services.")


def begin_all(*, now: datetime) -> None:
    """Take over every registration that is proved and is to be finished so, by whatever way it came to that."""
    with within_everything("what finishes by itself, whoever it belongs to"):
        for invitation_id in invited.to_finish():
            with transaction.atomic():
                _begin(invited.invitation(invitation_id), now=now)


def _begin(about: InvitationView, *, now: datetime) -> None:
    """Press *Add*, and have the registration validated; of two workers one does."""
    by = _finisher(about)
    if not may_still_add(about):
        _stop(about, GONE, by=by)
        return
    try:
        with transaction.atomic():
            onboarding_id = operator.add(about.id, by=by, now=now)
            operator.ask_validation(lock_onboarding(onboarding_id), by=by, now=now)
    except AlreadyAdded:
        return
    except GangwayError as error:
        _stop(about, f"{error.what} {error.cure}", by=by)


def go_on(row: OperatorOnboarding, *, now: datetime) -> None:
    """After the validation of a locked row: create the service if all has passed and nothing has to be chosen."""
    about = invited.invitation(row.invitation_id)
    if row.added_by_id or not about.finish_by_itself or row.finished_at is not None:
        return
    by, failed = _finisher(about), [item["words"] for item in row.check_items if item["state"] == "error"]
    domain = _domain(row)
    if not may_still_add(about):
        _stop(about, GONE, by=by)
        return
    if row.check_state != "done" or row.check_status not in PASSED or failed or not domain:
        _stop(about, "\n".join(failed) or "Not everything could be checked.", by=by)
        return
    try:
        with transaction.atomic():
            operator.accept_validation(row, by=by)
            operator.save_settings(row, domain=domain, by=by)
            operator.accept_prerequisites(row, by=by)
            operator.finish(row, by=by, now=now)
    except GangwayError as error:
        _stop(about, f"{error.what} {error.cure}", by=by)
        return
    what = f"All checks passed. Microsoft 365 domain: {domain}."
    invitations.tell_operator(invitation_id=about.id, news=FINISHED, what=what, by=by)


def _domain(row: OperatorOnboarding) -> str:
    """A domain by which the customer is known, if the tenant proved it, else its original one; empty without any."""
    known = operator.domains_of(provisioning.registration(row.registration_id))
    expected = (one.domain for one in tenants_of(row.organization_id) if one.domain in known)
    return next(expected, next(iter(known), ""))


def _stop(about: InvitationView, why: str, *, by: Actor) -> None:
    invitations.stop_finishing(invitation_id=about.id, by=by, now=clock.now())
    needed = Capability.ADD_SERVICE if why == GONE else Capability.CHANGE_CONNECTION
    invitations.tell_operator(invitation_id=about.id, news=STOPPED, what=why, by=by, may=needed)


def _finisher(about: InvitationView) -> Actor:
    return Actor.system(
        f"for {about.created_by_name}"
        if may_still_add(about)
        else "for somebody who may not add services here any more"
    )
