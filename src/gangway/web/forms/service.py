"""What is typed about a service that is there: names, users, licence, and its name to confirm that it shall go."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError
from gangway.services import names
from gangway.services.actions import check_full_name
from gangway.services.errors import InvalidUsers, NameTaken
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
from gangway.services.queries import name_is_free
from gangway.web.forms.base import MailInput, NumberInput, PlainForm, PlainInput, told
from gangway.web.forms.knowingly import ToRecipient
from gangway.web.forms.opened import EditForm


class LicensedUsers(EditForm):
    """How many users the service has."""

    licensed_users = forms.IntegerField(
        label=_("Number of licensed users"),
        min_value=MIN_USERS,
        max_value=MAX_USERS,
        help_text=_("1 to 500 for each service."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), InvalidUsers.cure),
        widget=NumberInput(),
    )


class Names(EditForm):
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
        widget=PlainInput(),
    )

    def clean_full_name(self) -> str:
        """Say at the field what can't be in a full name."""
        try:
            return check_full_name(self.cleaned_data["full_name"])
        except GangwayError as error:
            raise ValidationError(told(error)) from error


class NewNames(Names):
    """The same for a service that is to be: the short name has to be free."""

    def __init__(self, *args: object, provider_id: UUID, **kwargs: Any) -> None:
        """`provider_id`: within which provider the short name must be the only one."""
        super().__init__(*args, **kwargs)
        self.provider_id = provider_id

    def clean_short_name(self) -> str:
        """Say every broken rule at once, and whether somebody has the name already."""
        typed: str = self.cleaned_data["short_name"]
        if sentences := short_name_faults(self.provider_id, typed):
            raise ValidationError(list(sentences))
        return typed


def short_name_faults(provider_id: UUID | None, typed: str) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a short name; nothing when it can be used.

    Without a provider, only the rules are looked at.
    """
    if sentences := names.broken_rules(typed):
        return sentences
    return () if provider_id is None or name_is_free(provider_id, typed) else (f"{NameTaken.what} {NameTaken.cure}",)


class Finishing(PlainForm):
    """Whether an operator is needed at the end."""

    finish_by_itself = forms.BooleanField(
        label=_("Finish by itself when the checks pass"),
        required=False,
        help_text=_("The service is created without you, unless a check fails or something has to be chosen."),
    )


def recipient_field(**more: Any) -> forms.EmailField:
    """Make the field for whom to invite."""
    return forms.EmailField(
        label=_("E-mail address of the tenant service admin"),
        error_messages={
            "required": _("Type the address that the link goes to."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=MailInput(),
        **more,
    )


class Recipient(ToRecipient):
    """Whom to invite for a customer that is there."""

    recipient = recipient_field()

    def __init__(self, *args: object, customer_id: UUID, **kwargs: Any) -> None:
        """`customer_id`: whose administrator it is."""
        super().__init__(*args, **kwargs)
        self.customer_id = customer_id

    def clean(self) -> dict[str, Any]:
        """Ask about an address that isn't expected."""
        given = super().clean() or self.cleaned_data
        self.ask_about_recipient(self.customer_id)
        return given


class Again(Recipient):
    """Whom to invite to connect a service once more, and whether to a new registration."""

    anew = forms.BooleanField(
        label=_("Move to a new App registration"),
        required=False,
        widget=forms.CheckboxInput({"aria-describedby": "anew_words"}),
    )


class Licence(LicensedUsers):
    """The licence type, and for how many users."""

    licence_type = forms.ChoiceField(
        label=_("License Type"),
        choices=[(kind.value, kind.label) for kind in LicenceType],
        error_messages={
            "required": _("Choose a license type."),
            "invalid_choice": _("Choose one of the license types."),
        },
        widget=forms.RadioSelect,
    )


class Upgrade(Recipient, Licence):
    """The other licence type, and perhaps the customer's consent to it once more."""

    PROPOSED = frozenset({"licence_type"})
    send_link = forms.BooleanField(
        label=_("Send link to IT administrator for authentication"),
        required=False,
        help_text=_("The upgrade then waits under Pending Invitations until the administrator has connected."),
    )
    recipient = recipient_field(required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for an address only when the link is to be sent."""
        if not self.cleaned_data.get("send_link", True):
            self.cleaned_data["recipient"] = ""
        given = super().clean()
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
        widget=PlainInput(),
    )
