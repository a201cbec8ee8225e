"""*Add New Tenant*: what an operator types to start a Direct Routing service. All faults are told at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError
from gangway.invitations.terms import LONGEST_LIFE
from gangway.languages.choice import NAMES
from gangway.onboarding.beginning import refuse_another
from gangway.onboarding.tenant_lookup import checked_domain
from gangway.web.forms.base import NumberInput, PlainInput, told
from gangway.web.forms.invitation import DAYS
from gangway.web.forms.knowingly import ToRecipient
from gangway.web.forms.service import Finishing, Licence, NewNames, recipient_field


class NewTenant(ToRecipient, NewNames, Licence, Finishing):
    """The rules are those of the room *services*; they are asked here beforehand, so that no fault hides another."""

    domain = forms.CharField(
        label=_("The customer's Microsoft 365 domain"),
        required=False,
        max_length=253,
        help_text=_("Such as contoso.com. We look which tenant it belongs to."),
        widget=PlainInput(),
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
    recipient = recipient_field(
        required=False,
        help_text=_("The customer's administrator; or one of your own, who then opens the link together with them."),
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

    days = forms.IntegerField(
        label=_("Days that the link is good for"),
        required=False,
        min_value=1,
        max_value=LONGEST_LIFE,
        help_text=_("1 to 90, counted from when it is sent. Left empty, as your provider has it."),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), DAYS),
        widget=NumberInput(),
    )

    def __init__(self, *args: object, customer_id: UUID, known_domains: Sequence[str] = (), **kwargs: Any) -> None:
        """Mark the address as needed, unless the operator types a registration. `known_domains`: of the customer."""
        super().__init__(*args, **kwargs)
        self.customer_id, self.known_domains = customer_id, known_domains
        if not self.uses_known:
            # Nobody may leave it out with a link, but only `clean` knows which of the two boxes is ticked.
            setattr(self.fields["recipient"], "needed", True)  # noqa: B010 - a field has no such attribute of its own

    @property
    def uses_known(self) -> bool:
        """Whether the operator types a registration that is there already, so that nobody gets a link."""
        return bool(self.data.get("use_known"))

    def clean(self) -> dict[str, Any]:
        """One of the two boxes says how the customer connects; the link needs somebody who gets it.

        The link's box is ticked from the start: without an address for it, ticking the other box as well is clear. The
        address is compared with the domain beside it, and so asked about only once that one is right.
        """
        given = super().clean() or self.cleaned_data
        link, known = given.get("send_link"), given.get("use_known")
        if link and known and self.data.get("recipient", "").strip():
            self.add_error("use_known", _("Tick one of the two boxes: the link, or the known App registration."))
        elif not (link or known):
            self.add_error("send_link", _("Tick this box: the link is how the customer's administrator connects."))
        elif known and "draft" in self.data:
            self.add_error("use_known", _("No mail goes out with a known App registration: there is none to look at."))
        if not known and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", self.fields["recipient"].error_messages["required"])
        if not known and "domain" not in self.errors:
            self.ask_about_recipient(self.customer_id, domains=[one for one in (given.get("domain"),) if one])
        return given

    def clean_domain(self) -> str:
        """Return the domain as Microsoft writes it, one that the customer is known by; empty is fine."""
        typed: str = self.cleaned_data["domain"]
        try:
            domain = checked_domain(typed) if typed else ""
            refuse_another(domain, known=self.known_domains)
        except GangwayError as error:
            raise ValidationError(told(error)) from error
        return domain
