"""A further service on a registration that is there: its names, licence and users, and which registration."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError
from gangway.provisioning.usage import SharedRegistration
from gangway.services.actions import check_full_name
from gangway.web.forms.base import told
from gangway.web.forms.new_tenant import short_name_faults
from gangway.web.forms.service import Names, Upgrade


class SharedService(Names, Upgrade):
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

    def __init__(
        self, *args: object, provider_id: UUID, offered: Sequence[SharedRegistration], **kwargs: object
    ) -> None:
        """`provider_id`: within which provider the short name is the only one. `offered`: what there is to choose."""
        super().__init__(*args, **kwargs)
        self.provider_id = provider_id
        self.offered = {str(one.id): one for one in offered}
        self.fields["registration"].choices = [(key, one.name) for key, one in self.offered.items()]  # type: ignore[attr-defined]

    def clean_full_name(self) -> str:
        """Say at the field what can't be in a full name."""
        try:
            return check_full_name(self.cleaned_data["full_name"])
        except GangwayError as error:
            raise ValidationError(told(error)) from error

    def clean_short_name(self) -> str:
        """Say every broken rule at once, and whether somebody has the name already."""
        typed: str = self.cleaned_data["short_name"]
        if sentences := short_name_faults(self.provider_id, typed):
            raise ValidationError(list(sentences))
        return typed

    def clean(self) -> dict[str, Any]:
        """Ask for somebody to invite only where the registration can't make the credential by itself."""
        given = super().clean()
        chosen = self.offered.get(given.get("registration", ""))
        if chosen and not chosen.by_itself and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", str(self.fields["recipient"].error_messages["required"]))
        return given
