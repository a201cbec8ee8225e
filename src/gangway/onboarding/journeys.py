"""The journeys as data: an ordered tuple of stages. They differ only here.

A: the administrator gets a link and we make the registration. B: they get a link and type the facts of one that exists
already. C: an operator types them, without a link. Whatever the way, the last stage is the same.
"""

from enum import StrEnum
from typing import Final

from gangway.onboarding.shapes import Step
from gangway.onboarding.states import CaseState


class Stage(StrEnum):
    """One part of a journey; each has its file in `stages`."""

    INVITATION = "invitation"
    SIGN_IN = "sign_in"
    TENANT = "tenant"
    REGISTRATION = "registration"
    VERIFICATION = "verification"
    EXISTING = "existing"
    HANDOVER = "handover"


NEW_REGISTRATION_BY_LINK: Final = (
    Stage.INVITATION,
    Stage.SIGN_IN,
    Stage.TENANT,
    Stage.REGISTRATION,
    Stage.VERIFICATION,
    Stage.HANDOVER,
)

EXISTING_BY_LINK: Final = (Stage.INVITATION, Stage.EXISTING, Stage.HANDOVER)
EXISTING_BY_OPERATOR: Final = (Stage.EXISTING, Stage.HANDOVER)

STAGE_OF: Final = {
    CaseState.BEGUN: Stage.INVITATION,
    CaseState.ABANDONED: Stage.INVITATION,
    CaseState.IDENTIFYING: Stage.SIGN_IN,
    CaseState.TYPING: Stage.EXISTING,
    CaseState.PROVING: Stage.EXISTING,
    CaseState.SIGNING_IN: Stage.SIGN_IN,
    CaseState.SIGNED_IN: Stage.TENANT,
    CaseState.NAMING: Stage.REGISTRATION,
    CaseState.PROVISIONING: Stage.REGISTRATION,
    CaseState.NEEDS_SIGN_IN: Stage.REGISTRATION,
    CaseState.WAITING: Stage.VERIFICATION,
    CaseState.FAILED: Stage.REGISTRATION,
    CaseState.DONE: Stage.HANDOVER,
}

STEP_OF: Final = {
    CaseState.BEGUN: Step.CHOOSE,
    CaseState.ABANDONED: Step.CHOOSE,
    CaseState.IDENTIFYING: Step.WHO,
    CaseState.TYPING: Step.USE,
    CaseState.PROVING: Step.PROVING,
    CaseState.SIGNING_IN: Step.CODE,
    CaseState.SIGNED_IN: Step.SIGNED_IN,
    CaseState.NAMING: Step.NAME,
    CaseState.PROVISIONING: Step.PROVISIONING,
    CaseState.WAITING: Step.WAITING,
    CaseState.NEEDS_SIGN_IN: Step.PROVISIONING,
    CaseState.FAILED: Step.PROVISIONING,
    CaseState.DONE: Step.DONE,
}
"""The page of the wizard on which a case stands."""
