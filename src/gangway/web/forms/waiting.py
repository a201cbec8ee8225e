"""What people type about something that waits for another administrator; the same on both sides."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web.forms.base import DayInput, PlainForm


class Colleague(PlainForm):
    """Another administrator's address, to send them a link of their own."""

    colleague = forms.CharField(
        label=_("E-mail address of the other administrator"),
        max_length=254,
        help_text=_("At a domain of the same organization. They get a link that shows only what remains."),
        error_messages={"required": _("Type the e-mail address of somebody with one of the roles above.")},
        widget=forms.TextInput(
            attrs={
                "type": "email",
                "inputmode": "email",
                "autocomplete": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


class Successor(Colleague):
    """The same while nothing is made yet: they go on in one's place, with all of it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Say what the link leads to."""
        super().__init__(*args, **kwargs)
        field = self.fields["colleague"]
        field.help_text = _("At a domain of the same organization. They get a link that goes on exactly here.")
        field.error_messages["required"] = _("Type the e-mail address of whoever signs in instead of you.")


class MaybeColleague(Colleague):
    """The same, named before one's own part is done; it may wait until then."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Let the field be empty."""
        super().__init__(*args, **kwargs)
        self.fields["colleague"].required = False


class PlannedDay(PlainForm):
    """The day on which what remains is planned for; empty: no certain day."""

    planned_on = forms.DateField(
        label=_("Planned for"),
        required=False,
        help_text=_("For example when your change board meets. No reminder goes out before that day is over."),
        error_messages={"invalid": _("Choose a day, such as 2026-12-01.")},
        widget=DayInput(),
    )

    @property
    def day(self) -> date | None:
        """The day that was chosen; None: no certain one."""
        chosen: date | None = self.cleaned_data["planned_on"]
        return chosen


class AwaitedDay(PlannedDay):
    """The same where the only button is to wait until that day."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Ask for the day."""
        super().__init__(*args, **kwargs)
        field = self.fields["planned_on"]
        field.required, field.error_messages["required"] = True, field.error_messages["invalid"]
