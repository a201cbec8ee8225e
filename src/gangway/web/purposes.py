"""What the wizard says, by what an invitation is for: the same pages and buttons, with the right words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.invitations.aims import Purpose
from gangway.languages.said import said
from gangway.onboarding.shapes import Offer

Words = str | Promise


@dataclass(frozen=True, slots=True)
class PurposeWords:
    """Sentences with %(provider)s, %(customer)s, %(service)s, %(minutes)s and %(beside)s in them."""

    asks: Words
    """The title of the page before *Continue*."""
    does: Words
    """What is done once somebody has signed in."""
    choose: Words
    """The title of the page to choose a way on."""
    lead: Words
    first: Words
    """The first way's name, and the title of its page; to connect, it is the one known from every manual."""
    first_words: Words
    after: Words
    """What follows, on the last page."""
    does_beside: Words = ""
    """The same as `does`, where the plan has a registration beside the first one; so is `lead_beside`."""
    lead_beside: Words = ""


GOES_ON: Final = _(
    "The service that was connected before goes on with it. You get all of this by e-mail, too. You can close this"
    " page."
)
NEEDED: Final = _(
    "About %(minutes)s minutes, with exactly what you see first. You need an administrator account: an Application"
    " Administrator can start; a Privileged Role Administrator or Global Administrator must finish."
)
NEEDED_FOR_PART: Final = _(
    "About %(minutes)s minutes, with exactly what you see first. You need an administrator account: %(who)s can do all"
    " of it."
)
"""The same where not everything is asked for, so that one role is enough."""
CONNECTED: Final = _("The service %(service)s is connected already. Calling goes on while you do this.")
WORDS: Final[Mapping[str, PurposeWords]] = {
    Purpose.CONNECT: PurposeWords(
        asks=_("%(provider)s asks you to connect %(customer)s's Microsoft 365 for Teams calling"),
        does=_("We make one App registration in your tenant and prove that it works"),
        choose=_("How would you like to connect?"),
        lead=_("%(customer)s's Microsoft 365 gets one App registration of its own for calling."),
        first=_("Create New App Registration"),
        first_words=_(
            "We make it for you in about %(minutes)s minutes, with exactly the permissions you see first. You need an"
            " administrator account: an Application Administrator can start; a Privileged Role Administrator or Global"
            " Administrator must finish."
        ),
        after=_(
            "%(provider)s completes the onboarding and creates the service. You get all of this by e-mail, too. You can"
            " close this page."
        ),
        does_beside=_("We make two App registrations in your tenant, in the same sign-in, and prove that they work"),
        lead_beside=_(
            "%(customer)s's Microsoft 365 gets two App registrations of its own: one for calling, and one for this:"
            " %(beside)s."
        ),
    ),
    Purpose.RENEW: PurposeWords(
        asks=_("%(provider)s asks you to renew the connection of %(customer)s's service %(service)s"),
        does=_("A new credential is made and proved; until then the one in use goes on"),
        choose=_("How would you like to renew it?"),
        lead=CONNECTED,
        first=_("Renew the credential"),
        first_words=NEEDED,
        after=GOES_ON,
    ),
    Purpose.REPAIR: PurposeWords(
        asks=_("%(provider)s asks you for what is missing to %(customer)s's service %(service)s"),
        does=_("What is missing is added to the App registration that is there, and proved"),
        choose=_("How would you like to add what is missing?"),
        lead=CONNECTED,
        first=_("Add what is missing"),
        first_words=NEEDED,
        after=GOES_ON,
    ),
    Purpose.MOVE: PurposeWords(
        asks=_("%(provider)s asks you to bring the App registration of %(customer)s's service %(service)s up to date"),
        does=_("The App registration gets what calling needs today, and is proved"),
        choose=_("How would you like to bring it up to date?"),
        lead=CONNECTED,
        first=_("Bring the App registration up to date"),
        first_words=NEEDED,
        after=GOES_ON,
    ),
    Purpose.REPLACE: PurposeWords(
        asks=_("%(provider)s asks you to let %(customer)s's service %(service)s move to a new App registration"),
        does=_("A new App registration is made in your tenant, and proved; until then the one in use goes on"),
        choose=_("How would you like to move to a new App registration?"),
        lead=CONNECTED,
        first=_("Make the new App registration"),
        first_words=NEEDED,
        after=GOES_ON,
    ),
    Purpose.UPGRADE: PurposeWords(
        asks=_("%(provider)s upgrades %(customer)s's service %(service)s and asks you to connect it once more"),
        does=_("The connection is made anew for the upgrade, and proved; until then the one in use goes on"),
        choose=_("How would you like to connect for the upgrade?"),
        lead=CONNECTED,
        first=_("Connect for the upgrade"),
        first_words=NEEDED,
        after=_("%(provider)s completes the upgrade. You get all of this by e-mail, too. You can close this page."),
    ),
}
SENT_TO_NOBODY: Final = frozenset({Purpose.BESIDE})
"""An operator types it at the desk, so the wizard has no words for it."""


def said_of(offer: Offer) -> dict[str, Any]:
    """Return the sentences of an offer's purpose, filled in, for templates."""
    facts = {
        "provider": offer.asker.provider_name,
        "customer": offer.customer_name,
        "service": offer.service_short_name,
        "minutes": offer.minutes,
        "beside": ", ".join(said(one.title) for one in offer.plan.beside),
    }
    words = WORDS[Purpose(offer.purpose)]
    if offer.whole_role:
        facts["who"] = said(offer.whole_role)
        words = replace(words, first_words=NEEDED_FOR_PART)
    told = {name: str(getattr(words, name)) % facts for name in PurposeWords.__slots__}
    both = {name: told[f"{name}_beside"] for name in ("does", "lead") if offer.plan.beside}
    return told | {name: sentence for name, sentence in both.items() if sentence}
