"""What the administrator is told in the end of the application that they signed in to, where it stays in the tenant."""

from typing import Final, Literal

from gangway.invitations.queries import InvitationView
from gangway.onboarding import applications
from gangway.onboarding.models import Case
from gangway.provisioning.beside_view import beside_of
from gangway.provisioning.queries import RegistrationView
from gangway.provisioning.sign_in_application import Stays, stays

_STAYS: Final = {
    Stays.KEPT: "The application you signed in to, “{name}”, stays in your tenant, as it was planned.",
    Stays.NEEDED: (
        "The application you signed in to, “{name}”, was still needed in your tenant when this ended: somebody else "
        "was at work with it there. Whoever of them finishes last removes it, if their roles allow it; if it is still "
        "there once none of them is at work any more, it has to be removed by hand."
    ),
    Stays.LEFT: "The application you signed in to, “{name}”, is still in your tenant: we could not remove it.",
    Stays.UNSEEN: "The application you signed in to, “{name}”, may still be in your tenant: nobody saw it gone.",
}


def removed_of(made: RegistrationView, about: InvitationView) -> Literal["yes", "no", "unknown"]:
    """Whether the application that was signed in to is gone: the last of the runs of a sign-in removes it."""
    besides = beside_of(made.id, about.plan)
    gone = any(one.registration and one.registration.sign_in_application_removed == "yes" for one in besides)
    return "yes" if gone else made.sign_in_application_removed


def stays_of(row: Case, made: RegistrationView, about: InvitationView) -> tuple[str, ...]:
    """Say that what was signed in to stays, why, what it can still do and how to remove it; nothing where it went."""
    why = stays(row.run_id) if row.run_id and removed_of(made, about) != "yes" else None
    if why is None or row.sign_in is None:
        return ()
    name = applications.called(row.sign_in.client_id, made.cloud) or row.sign_in.client_id
    return (
        _STAYS[why].format(name=name),
        "By itself it can do nothing: only while an administrator signs in to it, and only what was consented to then.",
        f"To remove it: Microsoft Entra > Enterprise applications > {name} > Properties > Delete.",
    )
