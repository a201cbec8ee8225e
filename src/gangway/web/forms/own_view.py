"""Forms of the customer's own view: at whose page to sign in, and *Disconnect*."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web.forms.base import PlainForm, PlainInput
from gangway.web.forms.place import CLOUDS


class NamedProvider(PlainForm):
    """The provider's name, typed whole: nobody is shown a list of whom we serve."""

    name = forms.CharField(
        label=_("Name of your provider"),
        max_length=200,
        help_text=_("As it stands in its mails and on its invoices."),
        error_messages={"required": _("Type the name of the provider who connected your Microsoft 365.")},
    )


class ChosenCloud(PlainForm):
    """Microsoft's cloud that the person's tenant lives in; asked only where a provider is in several."""

    cloud = forms.ChoiceField(label=_("Your Microsoft cloud"))

    def __init__(self, *args: Any, clouds: tuple[str, ...], **kwargs: Any) -> None:
        """Offer the provider's clouds."""
        super().__init__(*args, **kwargs)
        self.fields["cloud"].choices = [(one, dict(CLOUDS).get(one, one)) for one in clouds]  # type: ignore[attr-defined]
        if len(clouds) == 1:
            self.fields["cloud"].initial = clouds[0]
            self.fields["cloud"].required = False
            self.fields["cloud"].widget = forms.HiddenInput()

    def clean_cloud(self) -> str:
        """Take the only one where nothing was asked."""
        only = self.fields["cloud"].initial
        return str(self.cleaned_data["cloud"] or only or "")


class Disconnect(PlainForm):
    """The service's short name, typed by hand."""

    typed = forms.CharField(
        label=_("Short name of the service"),
        strip=False,
        help_text=_("Type the short name to confirm that you mean this service."),
        error_messages={"required": _("Type the short name as it stands above.")},
        widget=PlainInput(),
    )
