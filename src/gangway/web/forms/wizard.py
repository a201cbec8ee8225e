"""What the administrator types in the Invitation wizard."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web.forms.base import PlainForm


class WhoYouAre(PlainForm):
    """The user principal name that will sign in at Microsoft."""

    upn = forms.CharField(
        label=_("User Principal Name (UPN)"),
        max_length=320,
        help_text=_("The name you sign in to Microsoft 365 with as an administrator."),
        error_messages={"required": _("Type the name you sign in to Microsoft 365 with, such as admin@contoso.com.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "admin@contoso.com",
            }
        ),
    )


class RegistrationName(PlainForm):
    """How the app registration will be called in the customer's tenant."""

    name = forms.CharField(
        label=_("Name of the App registration"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Type a name for the App registration.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
