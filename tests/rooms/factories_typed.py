"""Somebody who types a registration that is there already, and what comes of it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, existing, queries
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.typed import Typed
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import queries as registrations
from gangway.vault.models import Sealed
from tests.rooms.factories_existing import CONTOSO, Made
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk, walk

SECRET = "Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_"


@dataclass
class Hand:
    """Somebody behind a link who types a registration."""

    walked: Walk

    @classmethod
    def opened(cls, **more: Any) -> "Hand":
        walked = walk(choose=False, **{"domain": "contoso.com", **more})
        existing.choose_existing(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
        return cls(walked)

    def types(self, made: Made, **changed: Any) -> Typed:
        return replace(Typed(CONTOSO, made.app_id, "secret", SealedText(made.secret)), **changed)

    def start(self, typed: Typed) -> None:
        """*Start authentication*, and the worker's look."""
        existing.start_existing(case_id=self.walked.case_id, typed=typed, by=ADMINISTRATOR, now=clock.now())
        run_until_idle()

    @property
    def row(self) -> ExistingRegistration:
        with within_everything("test"):
            return ExistingRegistration.objects.get(case_id=self.walked.case_id)

    @property
    def case(self) -> Case:
        with within_everything("test"):
            return Case.objects.get(pk=self.walked.case_id)

    @property
    def state(self) -> State:
        with within(self.walked.customer.path):
            return invited.invitation(self.walked.invitation_id).state

    def registration(self) -> Any:
        with within(self.walked.customer.path):
            return registrations.registration(invited.invitation(self.walked.invitation_id).registration_id)


def sealed_are_gone() -> bool:
    """No secret that anybody typed is kept."""
    with within_everything("test"):
        return not Sealed.objects.filter(place="provisioning.credential.secret", ciphertext__isnull=False).exists()


def through(onboarding_id: UUID, by: Actor) -> None:
    """Validate, and press *Next* up to the summary."""
    view = queries.onboarding(onboarding_id)
    if view.validation.state != "done":
        actions.validate(onboarding_id=onboarding_id, by=by, now=clock.now())
        run_until_idle()
    actions.accept_validation(onboarding_id=onboarding_id, by=by, now=clock.now())
    actions.save_microsoft_settings(onboarding_id=onboarding_id, domain="contoso.com", by=by, now=clock.now())
    actions.accept_prerequisites(onboarding_id=onboarding_id, by=by, now=clock.now())
