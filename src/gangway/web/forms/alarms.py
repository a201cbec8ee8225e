"""When people are told of alarms, and where machines are."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from gangway.alarms.hours import HOURS, Hours
from gangway.web import zones
from gangway.web.forms.base import PlainInput
from gangway.web.forms.opened import EditForm

NONE = ("", _("None"))
CLOCK = [NONE, *((str(hour), f"{hour:02}:00") for hour in range(HOURS))]
WRONG = {"invalid_choice": _("Choose an hour of the list.")}


def _hour(value: str) -> int | None:
    return int(value) if value else None


class HoursForm(EditForm):
    """An organization's wishes."""

    digest_hour = forms.TypedChoiceField(
        label=_("One mail a day at"),
        required=False,
        choices=CLOCK,
        coerce=_hour,
        empty_value=None,
        help_text=_("All that came since the last one stands in it. None: each alarm is told at once."),
        error_messages=WRONG,
    )
    quiet_from = forms.TypedChoiceField(
        label=_("Quiet from"), required=False, choices=CLOCK, coerce=_hour, empty_value=None, error_messages=WRONG
    )
    quiet_until = forms.TypedChoiceField(
        label=_("Quiet until"),
        required=False,
        choices=CLOCK,
        coerce=_hour,
        empty_value=None,
        help_text=_("What comes in between is told then. They may go over midnight."),
        error_messages=WRONG,
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), required=False, error_messages={"invalid_choice": _("Choose a zone of the list.")}
    )
    urgent_at_once = forms.BooleanField(
        label=_("Critical alarms wait for nothing"),
        required=False,
        help_text=_("A connection that doesn't work any more, or a credential that has ended."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones by their names."""
        super().__init__(*args, **kwargs)
        choices = [("", "UTC"), *((name, name.replace("_", " ")) for name in zones.names())]
        self.fields["zone"].choices = choices  # type: ignore[attr-defined]

    def hours(self) -> Hours:
        """Return what was chosen."""
        return Hours(**{**self.cleaned_data, "zone": self.cleaned_data["zone"] or "UTC"})


class WebhookForm(EditForm):
    """Where a provider's own systems are told of alarms."""

    url = forms.CharField(
        label=_("Address"),
        help_text=_("Begins with https:// and is open to the internet. We follow no redirect."),
        error_messages={"required": _("Give the address of the receiver.")},
        widget=PlainInput(inputmode="url"),
    )
    secret = forms.CharField(
        label=_("Key for signatures"),
        required=False,
        help_text=_(
            "whsec_ and then 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32). It is sealed at "
            "once and never shown again."
        ),
        error_messages={"required": _("Give a key: the receiver knows by it that a call is ours.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    is_on = forms.BooleanField(label=_("Call it"), required=False)

    def __init__(self, *args: Any, has_key: bool, **kwargs: Any) -> None:
        """Ask for a key where none is kept."""
        super().__init__(*args, **kwargs)
        secret = self.fields["secret"]
        secret.required = not has_key
        if has_key:
            secret.help_text = format_lazy("{} {}", secret.help_text, _("Empty: what is kept stays."))
