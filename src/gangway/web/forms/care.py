"""How connections are looked after: rotation, freezes, repair."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.connections.policy import EARLIEST, LONGEST_NOTICE
from gangway.connections.schedule import Wishes
from gangway.provisioning.shapes import FeatureRow
from gangway.web.forms.base import NumberInput, PlainForm
from gangway.web.forms.opened import EditForm
from gangway.web.forms.service import Recipient

MOMENT = {"invalid": _("Type a moment such as 2027-05-31 18:00."), "required": _("Say when.")}
FORMAT = "%Y-%m-%dT%H:%M"


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(format=FORMAT, attrs={"type": "datetime-local"})


class PolicyForm(EditForm):
    """When and how credentials are renewed by themselves."""

    rotates = forms.BooleanField(
        label=_("Renew credentials by itself"),
        required=False,
        help_text=_("Only where a registration has the right to do so. Rotate now always remains."),
    )
    days_before = forms.IntegerField(
        label=_("Days before the end"),
        help_text=_("Sooner when the customer's own rules give credentials a short life."),
        widget=NumberInput(),
        error_messages={
            "required": _("Say how many days before."),
            "invalid": _("Type a whole number from 1 to %(most)d.") % {"most": EARLIEST},
        },
    )
    notice_days = forms.IntegerField(
        label=_("Days of notice"),
        help_text=_("So many days before, the customer's contacts are told the day by mail. 0: nobody is told."),
        widget=NumberInput(),
        error_messages={
            "required": _("Say how many days of notice."),
            "invalid": _("Type a whole number from 0 to %(most)d.") % {"most": LONGEST_NOTICE},
        },
    )

    def wishes(self) -> Wishes:
        """Return what was chosen."""
        return Wishes(**self.cleaned_data)


class FreezeForm(PlainForm):
    """A time in which nothing is changed by itself, as the clocks of the person's time zone tell it."""

    begins = forms.DateTimeField(
        label=_("From"), widget=_moment(), input_formats=[FORMAT, "%Y-%m-%d %H:%M"], error_messages=MOMENT
    )
    ends = forms.DateTimeField(
        label=_("Until"), widget=_moment(), input_formats=[FORMAT, "%Y-%m-%d %H:%M"], error_messages=MOMENT
    )
    why = forms.CharField(label=_("Why"), required=False, max_length=200)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        """Say at both moments by which clock they are meant."""
        super().__init__(*args, auto_id="freeze_%s", **kwargs)
        for name in ("begins", "ends"):
            self.fields[name].help_text = _("By the clock of your time zone, %(zone)s.") % {"zone": zone.key}


class RepairForm(Recipient):
    """Whom to ask for what is missing."""

    def __init__(self, *args: Any, offered: Sequence[FeatureRow] = (), **kwargs: Any) -> None:
        """`offered`: what may be asked for in the same sign-in."""
        super().__init__(*args, **kwargs)
        self.fields["recipient"].label = _("E-mail of the customer's administrator")
        self.fields["adding"] = forms.MultipleChoiceField(
            choices=[(feature.key, feature.title) for feature in offered], required=False
        )
