"""What is typed about a service that is there: its licensed users, and its name to confirm that it shall go."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.services.errors import InvalidUsers
from gangway.services.licences import MAX_USERS, MIN_USERS
from gangway.web.forms.base import PlainForm


class LicensedUsers(PlainForm):
    """How many users the service has."""

    licensed_users = forms.IntegerField(
        label=_("Number of licensed users"),
        min_value=MIN_USERS,
        max_value=MAX_USERS,
        help_text=_("1 to 500 for each service."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), InvalidUsers.cure),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class DeleteService(PlainForm):
    """The short name, typed by hand."""

    typed = forms.CharField(
        label=_("Unique Short Name of Service"),
        strip=False,
        required=True,
        help_text=_("Type the short name to confirm that you mean this service."),
        error_messages={"required": _("Type the short name as it stands above.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
