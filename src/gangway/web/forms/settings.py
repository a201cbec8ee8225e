"""*Microsoft 365 Settings*: of the Onboarding wizard, and of a connected service."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.connections.queries import ConnectionView
from gangway.onboarding.queries import OperatorOnboardingView
from gangway.web.forms.base import DayInput, PlainForm
from gangway.web.forms.opened import EditForm


class TheirTenant(PlainForm):
    """That a tenant is the customer's, where no domain was known beforehand to compare it with."""

    is_theirs = forms.BooleanField(
        error_messages={"required": _("Tick this only if you know the tenant as the customer's; else ask them first.")}
    )

    def __init__(self, *args: Any, onboarding: OperatorOnboardingView, **kwargs: Any) -> None:
        """Name both in the question."""
        super().__init__(*args, **kwargs)
        self.fields["is_theirs"].label = _("%(tenant)s (%(domains)s) is the Microsoft 365 of %(customer)s.") % {
            "tenant": onboarding.tenant_name,
            "domains": ", ".join(onboarding.domains),
            "customer": onboarding.customer_name,
        }


class MicrosoftSettings(EditForm):
    """The domain that Microsoft calls the tenant by, chosen from those that were read there."""

    domain = forms.ChoiceField(
        label=_("M365 Domain (Override Admin Domain)"),
        help_text=_("The tenant's first domain, ending in onmicrosoft.com, unless your platform needs another one."),
        error_messages={
            "required": _("Choose a domain."),
            "invalid_choice": _("Choose one of the domains that were read from the tenant."),
        },
    )

    def __init__(self, *args: object, domains: Iterable[str], **kwargs: Any) -> None:
        """Offer these domains and no other."""
        super().__init__(*args, **kwargs)
        self.fields["domain"].choices = [(domain, domain) for domain in domains]  # type: ignore[attr-defined]


class ConnectionSettings(MicrosoftSettings):
    """Of a connected service; `ends_on` is there only while a credential's end is known from nobody but a person."""

    ends_on = forms.DateField(
        label=_("Client Secret expiration date"),
        required=False,
        help_text=_("As Microsoft's page shows it. We can't read it, so warnings follow what stands here."),
        error_messages={"invalid": _("This isn't a date.")},
        widget=DayInput(),
    )


def settings_of(found: ConnectionView, data: Mapping[str, object] | None = None) -> ConnectionSettings:
    """Return the form of a connection, as typed or as it stands."""
    credential = found.credential
    ends = credential.expires_at.date() if credential and credential.expires_at else None
    domains = dict.fromkeys(filter(None, (found.m365_domain, *(one.casefold() for one in found.domains))))
    form = ConnectionSettings(data, domains=domains, initial={"domain": found.m365_domain, "ends_on": ends})
    if credential is None or credential.end_from != "typed":
        del form.fields["ends_on"]
    return form
