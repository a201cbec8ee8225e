"""What the administrator types in the Invitation wizard."""

from typing import Any

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
    days = forms.IntegerField(
        label=_("Days until its credential ends"),
        required=False,
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, longest: int, **kwargs: Any) -> None:
        """`longest`: the days that the plan allows at most."""
        super().__init__(*args, **kwargs)
        self.longest, days = longest, self.fields["days"]
        self.initial.setdefault("days", longest)
        days.help_text = _("You may choose fewer than the planned %(most)s days.") % {"most": longest}
        days.error_messages = dict.fromkeys(("invalid", "min_value"), self._wrong)

    @property
    def _wrong(self) -> str:
        return _("Type a number of days from 1 to %(most)s.") % {"most": self.longest}

    def clean_days(self) -> int | None:
        """Say here already what the plan does not allow."""
        days: int | None = self.cleaned_data["days"]
        if days is not None and days > self.longest:
            raise forms.ValidationError(self._wrong)
        return days
