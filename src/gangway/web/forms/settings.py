"""*Microsoft 365 Settings* of the Onboarding wizard."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web.forms.base import PlainForm


class MicrosoftSettings(PlainForm):
    """The domain that Microsoft calls the tenant by, chosen from those that were read there."""

    domain = forms.ChoiceField(
        label=_("M365 Domain (Override Admin Domain)"),
        help_text=_("The tenant's first domain, ending in onmicrosoft.com, unless your platform needs another one."),
        error_messages={
            "required": _("Choose a domain."),
            "invalid_choice": _("Choose one of the domains that were read from the tenant."),
        },
    )

    def __init__(self, *args: object, domains: Iterable[str], **kwargs: object) -> None:
        """Offer these domains and no other."""
        super().__init__(*args, **kwargs)
        self.fields["domain"].choices = [(domain, domain) for domain in domains]  # type: ignore[attr-defined]
