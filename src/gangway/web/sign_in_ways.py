"""Every way on from a sign-in at Microsoft, in the order in which they are offered. A new way is one more row here.

Each says what it finishes and what then remains, so that whoever is blocked can choose. Nothing here ever advises to
switch a protection off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.onboarding.queries import CaseView, redirect_works
from gangway.onboarding.states import Way as SignInWay
from gangway.web.wizard_session import WizardRequest


@dataclass(frozen=True, slots=True)
class Way:
    """One way on. `route`: where its button's POST goes, `page`: one to read; else it is something to do elsewhere."""

    key: str
    icon: str
    title: str | Promise
    words: str | Promise
    finishes: str | Promise
    remains: str | Promise
    offered: Callable[[CaseView, bool], bool]
    """Whether it leads on from this case; the second: whether a redirect works here at all."""
    route: str = ""
    page: str = ""


def _none_is_made(case: CaseView) -> bool:
    """Whether a registration of their own still leads somewhere: ours isn't begun, and nobody's part is done."""
    return case.run is None and not case.is_rest


def _by(case: CaseView, way: SignInWay) -> bool:
    return case.sign_in is not None and case.sign_in.way is way


ALL_OF_IT: Final = _("All that the account may do.")
NOTHING: Final = _("Nothing, if the account has the roles.")

WAYS: Final = (
    Way(
        key="microsoft",
        icon="user",
        title=_("Sign in with Microsoft"),
        words=_(
            "In this same browser, without a code. Microsoft then sees your device and place as with every other "
            "sign-in, so policies that refuse codes or unknown devices let it through where they know this one."
        ),
        finishes=ALL_OF_IT,
        remains=NOTHING,
        offered=lambda case, redirects: redirects and _by(case, SignInWay.CODE),
        route="web:wizard_with_microsoft",
    ),
    Way(
        key="code",
        icon="key",
        title=_("Use a code instead"),
        words=_("You type it on Microsoft's page, in any browser or on another device where you are signed in."),
        finishes=ALL_OF_IT,
        remains=NOTHING,
        offered=lambda case, _redirects: _by(case, SignInWay.REDIRECT),
        route="web:wizard_with_code",
    ),
    Way(
        key="colleague",
        icon="users",
        title=_("Ask a colleague"),
        words=_(
            "We send a link of their own to an administrator who may sign in. It goes on exactly here; everything "
            "entered is kept."
        ),
        finishes=_("All that their account may do."),
        remains=NOTHING,
        offered=lambda case, _redirects: _none_is_made(case),
        page="web:wizard_colleague",
    ),
    Way(
        key="computer",
        icon="server",
        title=_("Another computer"),
        words=_(
            "Open the link of your e-mail on a computer that your organization manages. It goes on exactly here; "
            "everything entered is kept."
        ),
        finishes=ALL_OF_IT,
        remains=NOTHING,
        offered=lambda _case, _redirects: True,
    ),
    Way(
        key="consent",
        icon="certificate",
        title=_("Microsoft's consent page, and the roles by hand"),
        words=_(
            "The registration is made already. What is missing can be given at Microsoft, without signing in here."
        ),
        finishes=_("Consent to the permissions."),
        remains=_("The directory roles, given in Microsoft's admin center. We notice both by ourselves."),
        offered=lambda case, _redirects: case.waiting is not None and not case.is_rest,
        route="web:wizard_back_to_waiting",
    ),
    Way(
        key="use",
        icon="certificate",
        title=_("Use App Registration"),
        words=_("One that is there already, or that you make yourselves: type its facts, or give it a certificate."),
        finishes=_("Everything: we check at once what it may do, and name what is missing."),
        remains=_("Nothing, if it has all of the plan."),
        offered=lambda case, _redirects: _none_is_made(case),
        route="web:wizard_use_choose",
    ),
    Way(
        key="script",
        icon="server",
        title=_("Use a script"),
        words=_("PowerShell that you read and run yourself, on a computer and with a sign-in that your rules allow."),
        finishes=_("The registration, with exactly this plan."),
        remains=_("Typing what it prints, under Use App Registration."),
        offered=lambda case, _redirects: _none_is_made(case),
        page="web:wizard_script",
    ),
    Way(
        key="guide",
        icon="list-check",
        title=_("Step-by-step guide"),
        words=_("Every click in Microsoft's own portal, made from this plan; to follow or to print."),
        finishes=_("The registration, as far as you follow it."),
        remains=_("Typing its facts, under Use App Registration."),
        offered=lambda case, _redirects: _none_is_made(case),
        page="web:wizard_guide",
    ),
)


def ways_of(request: WizardRequest) -> tuple[Way, ...]:
    """Return the ways that lead on from where this case stands."""
    redirects = may_redirect(request)
    return tuple(way for way in WAYS if way.offered(request.case, redirects))


def may_redirect(request: WizardRequest) -> bool:
    """Whether Microsoft can send a browser back to this host; where it is known not to be listed, nobody is sent."""
    return redirect_works(request.case.offer, host=request.get_host())
