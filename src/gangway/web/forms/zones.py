"""In which time zone a person reads times."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web import zones
from gangway.web.forms.base import PlainForm


class TimeZone(PlainForm):
    """One of the zones that people live in, or whatever the browser says."""

    zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("For this browser. Exports keep UTC, so that files from different people agree."),
        error_messages={"invalid_choice": _("Choose a zone of the list.")},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the zones by their names."""
        super().__init__(*args, **kwargs)
        choices = [(name, name.replace("_", " ")) for name in zones.names()]
        self.fields["zone"].choices = [("", _("As this browser says")), *choices]  # type: ignore[attr-defined]
