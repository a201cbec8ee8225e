"""What a provider's admin types in the settings. The secret is never shown again, so it alone is typed once more."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.onboarding.defaults import Defaults
from gangway.services.licences import LicenceType
from gangway.web.forms.base import DayInput, PlainInput
from gangway.web.forms.opened import EditForm
from gangway.web.forms.place import CLOUDS, GUID
from gangway.web.forms.plan import AskedFor


class ApplicationForm(EditForm):
    """The sign-in application of one cloud."""

    cloud = forms.ChoiceField(label=_("Microsoft cloud"), choices=CLOUDS, widget=forms.HiddenInput)
    client_id = forms.CharField(
        label=_("Application (client) ID"),
        help_text=GUID,
        error_messages={"required": _("Copy it from the application's Overview page.")},
        widget=PlainInput(),
    )
    home_tenant_id = forms.CharField(
        label=_("Directory (tenant) ID"),
        help_text=_("The tenant it is registered in: your own. It is never connected as a customer's."),
        error_messages={"required": _("Copy it from the application's Overview page.")},
        widget=PlainInput(),
    )
    secret = forms.CharField(
        label=_("Value of a client secret"),
        required=False,
        strip=False,
        help_text=_(
            "Only for an application that has one; signing in by code needs none. It is sealed at once and never shown "
            "again, so after a mistake elsewhere on this page type it once more. Empty: what is kept stays."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    secret_ends_on = forms.DateField(
        label=_("The secret's end"),
        required=False,
        help_text=_("The column Expires beside it. We warn 30 days before."),
        error_messages={"invalid": _("Type a date such as 2027-05-31.")},
        widget=DayInput(),
    )


class HostForm(EditForm):
    """The host name of one provider or channel."""

    host = forms.CharField(
        label=_("Host name"),
        required=False,
        help_text=_("Such as connect.example.com. Empty: the name of the level above is used."),
        widget=PlainInput(inputmode="url"),
    )


class DefaultPlan(AskedFor):
    """What *Add New Tenant* begins with. A unit belongs to one tenant, so there is no default for it."""

    licence_type = forms.ChoiceField(
        label=_("License Type"),
        required=False,
        choices=[("", _("None is chosen beforehand")), *((kind.value, kind.label) for kind in LicenceType)],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave the unit out."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].widget = forms.HiddenInput()

    def defaults(self) -> Defaults:
        """Return what was chosen."""
        given = self.cleaned_data
        return Defaults(
            licence_type=given["licence_type"],
            role_choice=given["role_choice"],
            features=tuple(self.chosen(given)),
            role_days=given.get("role_days") or 0,
            credential_kind=given["credential_kind"],
            credential_days=given.get("credential_days"),
        )
