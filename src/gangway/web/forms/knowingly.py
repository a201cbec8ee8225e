"""What isn't expected is taken knowingly: it is asked about at its field, and the answer is for it alone.

Of an address to which a link goes the answer is about the address as a whole, since others at the same domain may be
strangers; of a name to sign in with about its domain.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from gangway.foundation.errors import GangwayError
from gangway.onboarding.errors import AddressUnexpected
from gangway.onboarding.expected import domain_of, is_odd_name, named, need_expected
from gangway.web.forms.base import PlainForm, told


class Knowingly(PlainForm):
    """What all such forms share. `components/knowingly.html` shows the box, once there is something to ask."""

    knowingly = forms.CharField(required=False, max_length=320, widget=forms.HiddenInput)
    asked_about = ""
    """What is asked about; empty as long as nothing is."""
    asked_words = ""
    """What the box says of it."""
    is_known = False
    """Whether it is ticked: that stays when something else of the form is wrong."""

    def ask_about(self, field: str, about: str, words: str, box: str) -> None:
        """Ask about this in the field, unless that was answered."""
        self.asked_about, self.asked_words = about, box
        self.is_known = self.cleaned_data.get("knowingly") == about
        if not self.is_known:
            self.add_error(field, words)


class ToRecipient(Knowingly):
    """Whoever is invited by `recipient`: at a domain of the customer, or one of those who look after it.

    The rule is the room's, which refuses whatever nobody answered for; here its refusal becomes a question beforehand.
    """

    def ask_about_recipient(self, customer_id: UUID, *, domains: Collection[str] = ()) -> None:
        """Ask, if need be; call it when the form's fields are clean. `domains`: what was typed of the customer's."""
        address: str = self.cleaned_data.get("recipient") or ""
        try:
            need_expected(address, known=domains, customer_id=customer_id)
        except AddressUnexpected as error:
            self._ask(error)

    def refuse(self, error: GangwayError) -> None:
        """Ask also when the room finds out only then, such as by a domain that became known meanwhile."""
        if isinstance(error, AddressUnexpected):
            self._ask(error)
        else:
            super().refuse(error)

    def _ask(self, error: AddressUnexpected) -> None:
        address = self.cleaned_data["recipient"]
        box = _("Send it to %(address)s: I know who that is.") % {"address": address}
        self.ask_about("recipient", error.details["address"], told(error), box)


class SignsIn(Knowingly):
    """Whoever signs in by `upn`: with an account of the tenant that is to be connected."""

    def __init__(self, *args: Any, expected: Collection[str] = (), **more: Any) -> None:
        """`expected`: the domains of that tenant, as far as they are known; empty when nothing can be told."""
        super().__init__(*args, **more)
        self.expected = expected

    def ask_about_upn(self) -> None:
        """Ask, if need be; call it when the form's fields are clean."""
        upn = self.cleaned_data.get("upn")
        if upn and is_odd_name(upn, known=self.expected):
            facts = {"domain": domain_of(upn), "known": named(self.expected)}
            words = _(
                "The Microsoft 365 to be connected is the one of %(known)s, and we don't know %(domain)s as a domain "
                "of it. Type an account of that one. If %(domain)s belongs to it as well, tick the box."
            )
            self.ask_about(
                "upn", facts["domain"], words % facts, _("%(domain)s belongs to the same Microsoft 365") % facts
            )
