"""*Use App Registration* and *Use known App registration*: the facts of a registration that is there already."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.federation.queries import issuer
from gangway.foundation.clock import now
from gangway.foundation.sealed import SealedText
from gangway.languages.said import said
from gangway.onboarding import existing
from gangway.onboarding.existing import Aside
from gangway.onboarding.existing_errors import ExistingError
from gangway.onboarding.shapes import ExistingView
from gangway.onboarding.typed import Typed
from gangway.web.forms.base import DayInput, PlainForm, PlainInput, told

KEPT = _("It is kept, sealed. Leave this empty to use it again, or type another to replace it.")
KIND_WORDS = {
    "secret": _("Client secret"),
    "certificate": _("Certificate"),
    "federated": _("Federated credential"),
}


class Existing(PlainForm):
    """The three fields, and the end of the secret where it can't be read. What can be right, the room decides."""

    tenant = forms.CharField(
        label=_("Customer Microsoft Tenant ID"),
        required=False,
        max_length=300,
        help_text=_("The Directory (tenant) ID from the registration's Overview page, or a verified domain."),
        widget=PlainInput(),
    )
    client_id = forms.CharField(
        label=_("Application (Client) ID"),
        required=False,
        max_length=300,
        help_text=_("From the same page."),
        widget=PlainInput(),
    )
    secret = forms.CharField(
        label=_("Client Secret"),
        required=False,
        strip=False,
        max_length=1000,
        help_text=_("Its Value, not its Secret ID. It is sealed at once and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )
    ends_on = forms.DateField(
        label=_("Client Secret expires on"),
        required=False,
        help_text=_("The column Expires beside it. Only needed where we can't read it ourselves."),
        widget=DayInput(),
    )

    def __init__(self, *args: Any, kind: str = "secret", has_secret: bool = False, **kwargs: Any) -> None:
        """`kind`: of the credential; without a secret nothing of one is asked."""
        super().__init__(*args, **kwargs)
        self.uses, self.has_secret, self.unread = kind, has_secret, False
        if kind != "secret":
            del self.fields["secret"], self.fields["ends_on"]
        elif has_secret:
            self.fields["secret"].help_text = KEPT
        for name in {"tenant", "client_id", "kind", *([] if has_secret else ["secret"])} & set(self.fields):
            # Nobody may leave it out, but all mistakes are told together: the room says so, not the field.
            setattr(self.fields[name], "needed", True)  # noqa: B010 - a field has no such attribute of its own

    @classmethod
    def of(cls, view: ExistingView, data: Any = None) -> "Existing":
        """The form with what was typed before; what a worker found wrong, at its field and in its language."""
        known = {"tenant": view.tenant, "client_id": view.client_id, "ends_on": view.ends_on}
        about: dict[str, Any] = {"kind": view.kind, "has_secret": view.has_secret and view.kind == "secret"}
        if data is not None:
            return cls(data, **about)
        if not view.faults:
            return cls(initial=known, **about)
        form = cls({name: value if value is not None else "" for name, value in known.items()}, **about)
        for name, words in view.faults.items():
            form.add_error(name if name in form.fields else None, ValidationError(said(words)))
        return form

    @property
    def typed(self) -> Typed:
        """What stands in it, to be looked at."""
        given = self.cleaned_data
        return Typed(
            tenant=given.get("tenant", ""),
            client_id=given.get("client_id", ""),
            kind=self.uses,
            secret=SealedText(given.get("secret", "")),
            ends_on=given.get("ends_on"),
            unread=self.unread,
        )

    def clean(self) -> dict[str, Any]:
        """Leave an unreadable date to the room, which tells it with everything else and keeps the secret."""
        given = super().clean() or self.cleaned_data
        self.unread = self.errors.pop("ends_on", None) is not None
        return given

    def blame(self, faults: tuple[ExistingError, ...]) -> None:
        """Put each fault at its field, all at once."""
        for fault in faults:
            self.add_error(fault.field if fault.field in self.fields else None, ValidationError(told(fault)))


class SecretEnd(PlainForm):
    """When the secret ends, as its owner reads it in the portal."""

    ends_on = forms.DateField(
        label=_("Client Secret expires on"),
        help_text=_("Certificates & secrets, the column Expires beside it."),
        error_messages={"required": _("Type the date."), "invalid": _("Type a date such as 2027-05-31.")},
        widget=DayInput(),
    )


class Known(Existing):
    """The same within *Add New Tenant*: looked at before anything is planned, and with the kind of credential."""

    kind = forms.ChoiceField(label=_("Signs in with"), required=False)

    def __init__(self, *args: Any, customer_id: UUID, aside: Aside | None = None, **kwargs: Any) -> None:
        """`customer_id`: whose tenant it has to be. `aside`: a secret that was typed before."""
        super().__init__(*args, has_secret=aside is not None, **kwargs)
        self.customer_id, self.aside = customer_id, aside
        kinds = ["secret", "certificate", *(["federated"] if issuer() else [])]
        self.fields["kind"].choices = [(kind, KIND_WORDS[kind]) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["kind"].help_text = _("With a certificate or a federated credential nothing secret is typed.")

    @property
    def typed(self) -> Typed:
        """What stands in it, of the chosen kind."""
        return replace(super().typed, kind=self.cleaned_data.get("kind") or "secret")

    def clean(self) -> dict[str, Any]:
        """Tell everything that can't be right, before anything is planned."""
        given = super().clean()
        self.blame(existing.faults_of(self.customer_id, self.typed, has_secret=self.has_secret, now=now()))
        return given

    @property
    def new_secret(self) -> SealedText | None:
        """A secret that was typed and may be right."""
        typed = self.typed
        return typed.secret if typed.kind == "secret" and typed.secret and "secret" not in self.errors else None

    def keep_secret(self) -> None:
        """Say that the typed secret is kept; another replaces it."""
        self["secret"].help_text = KEPT
