"""Who signed in and has not started their run yet: the sign-in application stays in their tenant for them."""

from typing import Final

from gangway.onboarding.models import Case
from gangway.onboarding.states import CaseState

ABOUT_TO_START: Final = frozenset({CaseState.SIGNED_IN, CaseState.NAMING})


def is_about_to_start(tenant_id: str, client_id: str) -> bool:
    """Whether somebody works in the wizard with a fresh sign-in of this application in this tenant; within everything.

    Idle ones are let go by `tidying`, so that nobody is waited for in vain.
    """
    about = {"signer__tenant_id": tenant_id, "sign_in__client_id": client_id}
    return Case.objects.filter(state__in=[state.value for state in ABOUT_TO_START], **about).exists()
