"""*Add New Tenant*: what an operator types to start a Direct Routing service. All faults are told at once."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError
from gangway.languages.choice import NAMES
from gangway.onboarding.tenant_lookup import checked_domain
from gangway.services import names
from gangway.services.actions import check_full_name
from gangway.services.errors import InvalidUsers, NameTaken
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
from gangway.services.queries import name_is_free
from gangway.web.forms.base import PlainForm, told


class NewTenant(PlainForm):
    """The rules are those of the room *services*; they are asked here beforehand, so that no fault hides another."""

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
    licence_type = forms.ChoiceField(
        label=_("License Type"),
        choices=[(kind.value, kind.label) for kind in LicenceType],
        error_messages={
            "required": _("Choose a license type."),
            "invalid_choice": _("Choose one of the license types."),
        },
        widget=forms.RadioSelect,
    )
    licensed_users = forms.IntegerField(
        label=_("Number of licensed users"),
        min_value=MIN_USERS,
        max_value=MAX_USERS,
        help_text=_("1 to 500 for each service."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), InvalidUsers.cure),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    domain = forms.CharField(
        label=_("The customer's Microsoft 365 domain"),
        required=False,
        max_length=253,
        help_text=_("Such as contoso.com. We look which tenant it belongs to."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    send_link = forms.BooleanField(
        label=_("Send link to IT administrator for authentication"),
        initial=True,
        required=False,
        widget=forms.CheckboxInput(attrs={"data-unticks": "id_use_known"}),
    )
    use_known = forms.BooleanField(
        label=_("Use known App registration"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-unticks": "id_send_link"}),
    )
    recipient = forms.EmailField(
        label=_("E-mail address of the tenant service admin"),
        required=False,
        help_text=_("The customer's administrator; or one of your own, who then opens the link together with them."),
        error_messages={
            "required": _("Type the address that the link goes to."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    phone = forms.CharField(
        label=_("Their telephone"),
        required=False,
        max_length=40,
        help_text=_("So that you can call them about it. It is shown to operators only."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=list(NAMES.items()),
        required=False,
        help_text=_(
            "Of the mail, the pages behind its link, and our later mails. They can choose another on the pages."
        ),
    )
    finish_by_itself = forms.BooleanField(
        label=_("Finish by itself when the checks pass"),
        required=False,
        help_text=_("The service is created without you, unless a check fails or something has to be chosen."),
    )

    def __init__(self, *args: object, provider_id: UUID, **kwargs: object) -> None:
        """`provider_id`: within which provider the short name must be the only one."""
        super().__init__(*args, **kwargs)
        self.provider_id = provider_id
        if not self.uses_known:
            # Nobody may leave it out with a link, but only `clean` knows which of the two boxes is ticked.
            setattr(self.fields["recipient"], "needed", True)  # noqa: B010 - a field has no such attribute of its own

    @property
    def uses_known(self) -> bool:
        """Whether the operator types a registration that is there already, so that nobody gets a link."""
        return bool(self.data.get("use_known"))

    def clean(self) -> dict[str, Any]:
        """One of the two boxes says how the customer connects; the link needs somebody who gets it.

        The link's box is ticked from the start: without an address for it, ticking the other box as well is clear.
        """
        given = super().clean() or self.cleaned_data
        link, known = given.get("send_link"), given.get("use_known")
        if link and known and self.data.get("recipient", "").strip():
            self.add_error("use_known", _("Tick one of the two boxes: the link, or the known App registration."))
        elif not (link or known):
            self.add_error("send_link", _("Tick this box: the link is how the customer's administrator connects."))
        if not known and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", self.fields["recipient"].error_messages["required"])
        return given

    def clean_full_name(self) -> str:
        """Say at the field what can't be in a full name."""
        try:
            return check_full_name(self.cleaned_data["full_name"])
        except GangwayError as error:
            raise ValidationError(told(error)) from error

    def clean_domain(self) -> str:
        """Return the domain as Microsoft writes it; empty is fine."""
        typed: str = self.cleaned_data["domain"]
        try:
            return checked_domain(typed) if typed else ""
        except GangwayError as error:
            raise ValidationError(told(error)) from error

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
