"""A further service on a registration that is there: its names, licence and users, and which registration."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.provisioning.usage import SharedRegistration
from gangway.web.forms.service import NewNames, Upgrade


class SharedService(NewNames, Upgrade):
    """The rules are those of the rooms; they are asked here beforehand, so that no fault hides another."""

    registration = forms.ChoiceField(
        label=_("App registration"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the App registration."),
            "invalid_choice": _("Choose one of the App registrations that are offered."),
        },
    )
    send_link = None  # type: ignore[assignment]

    def __init__(self, *args: object, offered: Sequence[SharedRegistration], **kwargs: Any) -> None:
        """`offered`: what there is to choose."""
        super().__init__(*args, **kwargs)
        self.offered = {str(one.id): one for one in offered}
        self.fields["registration"].choices = [(key, one.name) for key, one in self.offered.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for somebody to invite only where the registration can't make the credential by itself."""
        given = super().clean()
        chosen = self.offered.get(given.get("registration", ""))
        if chosen and not chosen.by_itself and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", str(self.fields["recipient"].error_messages["required"]))
        return given
