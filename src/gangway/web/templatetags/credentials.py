"""What a registration signs in with, in words: planned ones and those that were made."""

from typing import Final

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gangway.provisioning.queries import PlanView
from gangway.provisioning.shapes import CredentialView
from gangway.web.words import END_FROM

register = template.Library()

NAMES: Final[dict[str, str | Promise]] = {
    "secret": gettext_lazy("Client secret"),
    "certificate": gettext_lazy("Certificate"),
    "federated": gettext_lazy("Federated credential"),
}
WITHOUT_END: Final = "federated"


@register.filter
def kind_name(kind: str) -> str:
    """Name a kind of credential as Microsoft's portal does."""
    return str(NAMES.get(kind, kind))


@register.filter
def end_source(credential: CredentialView) -> str:
    """Say where a credential's end was learnt."""
    return str(END_FROM[credential.end_from])


@register.simple_tag
def credential_words(plan: PlanView, whose: str = "") -> str:
    """Say what credential a plan asks for, and what happens where the tenant does not allow it.

    `whose`: the customer's name, where an operator reads it.
    """
    if plan.credential_kind == WITHOUT_END and whose:
        return _(
            "No secret is made at all: the App registration trusts tokens that this platform signs. Nothing of it ends."
            " Where the tenant of %(customer)s does not allow that, a certificate is made instead."
        ) % {"customer": whose}
    if plan.credential_kind == WITHOUT_END:
        return _(
            "No secret is made at all: the App registration trusts tokens that your provider's platform signs. "
            "Nothing of it ends. Where your tenant does not allow that, a certificate is made instead."
        )
    if plan.credential_kind == "certificate":
        words = _(
            "Its credential is a certificate that is good for %(days)s days; the private key is made and sealed by "
            "your provider's platform and never leaves it."
        )
        if whose:
            words = _(
                "Its credential is a certificate that is good for %(days)s days; the private key is made and sealed by"
                " this platform and never leaves it."
            )
    elif whose:
        words = _(
            "Its credential is a secret that is good for %(days)s days. Where a policy of the tenant of %(customer)s"
            " forbids secrets, a certificate is made instead."
        )
    else:
        words = _(
            "Its credential is a secret that is good for %(days)s days. Where a policy of your tenant forbids secrets, "
            "a certificate is made instead."
        )
    return words % {"days": plan.credential_days, "customer": whose}
