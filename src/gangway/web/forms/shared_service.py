"""A further service on a registration that is there: its names, licence and users, and which registration."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.provisioning.usage import SharedRegistration
from gangway.web.forms.new_tenant import NewTenant


class SharedService(NewTenant):
    """The rules for names, licence and users are those of *Add New Tenant*."""

    registration = forms.ChoiceField(
        label=_("App registration"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the App registration."),
            "invalid_choice": _("Choose one of the App registrations that are offered."),
        },
    )

    def __init__(
        self, *args: object, provider_id: UUID, offered: Sequence[SharedRegistration], **kwargs: object
    ) -> None:
        """`offered`: the registrations to choose from."""
        super().__init__(*args, provider_id=provider_id, **kwargs)
        for name in set(self.fields) - KEPT:
            del self.fields[name]
        self.offered = {str(one.id): one for one in offered}
        self.fields["registration"].choices = [(key, one.name) for key, one in self.offered.items()]  # type: ignore[attr-defined]
        self.fields["recipient"].required = False

    def clean(self) -> dict[str, Any]:
        """Ask for somebody to invite only where the registration can't make the credential by itself."""
        given = super().clean() or self.cleaned_data
        chosen = self.offered.get(given.get("registration", ""))
        if chosen and not chosen.by_itself and not given.get("recipient") and "recipient" not in self.errors:
            self.add_error("recipient", str(self.fields["recipient"].error_messages["required"]))
        return given


KEPT = {"full_name", "short_name", "licence_type", "licensed_users", "recipient", "registration"}
"""What is asked here; the rest of *Add New Tenant* is about a new registration."""
