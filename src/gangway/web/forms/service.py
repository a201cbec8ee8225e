"""What is typed about a service that is there: names, users, licence, and its name to confirm that it shall go."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.services.errors import InvalidUsers
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
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


class Names(PlainForm):
    """The full name and the short one."""

    full_name = forms.CharField(
        label=_("Full Name of Service"),
        required=False,
        strip=False,
        help_text=_("Free text, up to 200 characters. Left empty, it is the same as the short name."),
    )
    short_name = forms.CharField(
        label=_("Unique Short Name of Service"),
        strip=False,
        error_messages={"required": _("Type a short name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class Recipient(PlainForm):
    """Whom to invite."""

    recipient = forms.EmailField(
        label=_("E-mail address of the tenant service admin"),
        error_messages={
            "required": _("Type the address that the link goes to."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class Upgrade(LicensedUsers):
    """The other licence type, and perhaps the customer's consent to it once more."""

    licence_type = forms.ChoiceField(
        label=_("License Type"),
        choices=[(kind.value, kind.label) for kind in LicenceType],
        error_messages={
            "required": _("Choose a license type."),
            "invalid_choice": _("Choose one of the license types."),
        },
        widget=forms.RadioSelect,
    )
    send_link = forms.BooleanField(
        label=_("Send link to IT administrator for authentication"),
        required=False,
        help_text=_("The upgrade then waits under Pending Invitations until the administrator has connected."),
    )
    recipient = forms.EmailField(
        label=Recipient.base_fields["recipient"].label,
        required=False,
        error_messages=Recipient.base_fields["recipient"].error_messages,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for an address only when the link is to be sent."""
        given = super().clean() or self.cleaned_data
        if given.get("send_link") and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", str(self.fields["recipient"].error_messages["required"]))
        return given


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
