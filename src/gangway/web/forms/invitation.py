"""What an operator types about an invitation that is pending: names, whom it goes to, and until when."""

from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.clock import earliest_today, now
from gangway.invitations.terms import LONGEST_LIFE
from gangway.languages.choice import NAMES
from gangway.web.forms.base import DayInput, MailInput, NumberInput, PlainForm
from gangway.web.forms.opened import EditForm
from gangway.web.forms.service import Finishing, LicensedUsers, Names, Recipient, short_name_faults
from gangway.web.templatetags.gangway import in_words

DAYS: Final[Any] = _("Type a number of days from 1 to 90, counted from now.")


class EditInvitation(Names, LicensedUsers, Finishing):
    """How to reach the recipient, and, as long as nobody has opened it, names and users.

    A service that is there already keeps its names and doesn't begin again: `of_planned` says that it isn't.
    """

    phone = forms.CharField(
        label=_("Telephone of whom it goes to"),
        required=False,
        max_length=40,
        help_text=_("So that you can call them about it. It is shown to operators only."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=list(NAMES.items()),
        required=False,
        help_text=_("Of the pages behind the link, and of our mails to the customer."),
    )

    def __init__(self, *args: Any, of_planned: bool = True, with_names: bool = True, **more: Any) -> None:
        """Leave out what only a planned service has, and without `with_names` what stands on the service's page."""
        super().__init__(*args, **more)
        if not of_planned:
            del self.fields["finish_by_itself"]
        if not with_names:
            for name in ("full_name", "short_name", "licensed_users"):
                del self.fields[name]

    def clean_short_name(self) -> str:
        """Say every broken rule beside the other fields' faults; whether somebody has the name is seen at the end."""
        typed: str = self.cleaned_data["short_name"]
        if sentences := short_name_faults(None, typed):
            raise ValidationError(list(sentences))
        return typed


class Readdress(Recipient):
    """Another recipient."""

    recipient = forms.EmailField(
        label=_("E-mail address of the new recipient"),
        error_messages={
            "required": _("Type the address that the link goes to."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=MailInput(),
    )


class Extend(PlainForm):
    """How many days from now it lasts."""

    days = forms.IntegerField(
        label=_("Days from now"),
        min_value=1,
        max_value=LONGEST_LIFE,
        initial=7,
        help_text=_("1 to 90. It never gets shorter by this."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), DAYS),
        widget=NumberInput(),
    )


class Approval(PlainForm):
    """The day until which somebody's approval is waited for."""

    approval_on = forms.DateField(
        label=_("We wait for an approval until"),
        help_text=_("For example the day your change board meets. The link waits, and nobody is reminded before."),
        error_messages={
            "required": _("Choose a day, such as 2026-12-01."),
            "invalid": _("Choose a day, such as 2026-12-01."),
        },
        widget=DayInput(),
    )

    def __init__(self, *args: Any, latest: date | None = None, **more: Any) -> None:
        """`latest`: the last day that can be, where that is said beforehand."""
        super().__init__(*args, **more)
        if latest is not None:
            field = self.fields["approval_on"]
            last = (
                _("At the latest %(day)s; your provider can name a later day.") % {"day": in_words(latest)}
                if latest > earliest_today(now())
                else _("No later day can be named here any more. Your provider can name one for you.")
            )
            field.help_text = f"{field.help_text} {last}"
            field.widget.attrs["max"] = latest.isoformat()

    @property
    def day(self) -> date:
        """The day that was chosen."""
        chosen: date = self.cleaned_data["approval_on"]
        return chosen


class Terms(EditForm):
    """A provider's terms for its invitations."""

    life_days = forms.IntegerField(
        label=_("Days that an invitation is good for"),
        required=False,
        min_value=1,
        max_value=LONGEST_LIFE,
        help_text=_("1 to 90. Left empty, it is as this server says."),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), DAYS),
        widget=NumberInput(),
    )
    may_copy = forms.BooleanField(
        label=_("Operators may copy links"),
        required=False,
        help_text=_("Without this, links reach the recipient's mailbox and nothing else."),
    )
    subject = forms.CharField(
        label=_("Subject of the invitation"),
        required=False,
        max_length=150,
        help_text=_("Left empty, it is ours: who asks, whose Microsoft 365, what for."),
    )
    opening = forms.CharField(
        label=_("Your own words, before ours"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    closing = forms.CharField(
        label=_("Your own words, after ours"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
