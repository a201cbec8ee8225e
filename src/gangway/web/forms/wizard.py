"""What the administrator types in the Invitation wizard."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.languages.said import said
from gangway.onboarding.queries import Meaning, explained
from gangway.web.forms.base import NumberInput, PlainForm, PlainInput
from gangway.web.forms.knowingly import SignsIn


class WhoYouAre(SignsIn):
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


class ErrorNumber(PlainForm):
    """The number of an error that Microsoft showed on its own page, which nobody tells us but the person."""

    number = forms.CharField(
        label=_("The number that Microsoft shows, such as AADSTS53003 or 53003"),
        max_length=30,
        error_messages={"required": _("Type the number that stands on Microsoft's page.")},
        widget=NumberInput(),
    )

    def clean_number(self) -> str:
        """Keep the digits; say at the field what isn't known."""
        digits = re.sub(
            r"^\s*(?:AADSTS|error code)?[\s:]*", "", self.cleaned_data["number"], flags=re.IGNORECASE
        ).strip()
        if not digits.isascii() or not digits.isdecimal() or explained(digits) is None:
            raise forms.ValidationError(
                _("We have no words for this number. Send it to your provider, together with what stands beside it.")
            )
        return digits

    def meaning(self) -> Meaning | None:
        """What it means and what to do; None when nothing known was asked."""
        return explained(self.cleaned_data["number"]) if self.is_bound and self.is_valid() else None


class RegistrationName(PlainForm):
    """How the app registration will be called in the customer's tenant."""

    name = forms.CharField(
        label=_("Name of the App registration"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Type a name for the App registration.")},
        widget=PlainInput(),
    )
    days = forms.IntegerField(
        label=_("Days until its credential ends"),
        required=False,
        min_value=1,
        widget=NumberInput(),
    )

    def __init__(self, *args: Any, longest: int, kept: str = "", **kwargs: Any) -> None:
        """`longest`: the days that the plan allows at most. `kept`: the name of one that is there, which stays."""
        super().__init__(*args, **kwargs)
        if kept:
            self.initial["name"] = kept
            self.fields["name"].disabled = True
        self.longest, days = longest, self.fields["days"]
        self.initial.setdefault("days", longest)
        days.help_text = _("You may choose fewer than the planned %(most)s days.") % {"most": longest}
        days.error_messages = dict.fromkeys(("invalid", "min_value"), self._wrong)

    @property
    def has_name(self) -> bool:
        """Whether a name was typed, of which the rules can say something."""
        return "name" in self.cleaned_data and not self.fields["name"].disabled

    def blame(self, sentences: Iterable[str]) -> None:
        """Say what is wrong with the name beside what is wrong with the days, not after it."""
        for sentence in sentences:
            self.add_error("name", said(sentence))

    @property
    def _wrong(self) -> str:
        return _("Type a number of days from 1 to %(most)s.") % {"most": self.longest}

    def clean_days(self) -> int | None:
        """Say here already what the plan does not allow."""
        days: int | None = self.cleaned_data["days"]
        if days is not None and days > self.longest:
            raise forms.ValidationError(self._wrong)
        return days
