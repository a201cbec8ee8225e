"""Rotating or suspending everything at once."""

from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from gangway.web.forms.base import PlainForm
from gangway.web.words import DEED


class EmergencyForm(PlainForm):
    """What is done, to whose connections, and why; the name is typed to say that it is meant."""

    deed = forms.ChoiceField(
        label=_("What is done"),
        choices=[(value, word) for value, word in DEED.items()],
        error_messages={"invalid_choice": _("Choose one of the list."), "required": _("Choose what is done.")},
    )
    organization = forms.ChoiceField(
        label=_("To all connections of"),
        error_messages={"invalid_choice": _("Choose one of the list."), "required": _("Choose whose.")},
    )
    key_number = forms.TypedChoiceField(
        label=_("Only what this sealing key opens"),
        required=False,
        help_text=_("Also what it opened once and was sealed anew since."),
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": _("Choose a key of the list.")},
    )
    why = forms.CharField(label=_("Why"), max_length=300, error_messages={"required": _("Say why, for the log.")})
    typed = forms.CharField(
        label=_("Type its name to confirm"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, *args: object, places: Iterable[tuple[UUID, str]], keys: Iterable[int], **kwargs: object
    ) -> None:
        """Offer these organizations and keys."""
        super().__init__(*args, **kwargs)
        self.fields["organization"].choices = [(str(key), name) for key, name in places]  # type: ignore[attr-defined]
        setattr(self.fields["typed"], "needed", True)  # noqa: B010 - a field has no such attribute of its own
        numbered = [(str(number), _("key %(number)d") % {"number": number}) for number in keys]
        self.fields["key_number"].choices = [("", _("All keys")), *numbered]  # type: ignore[attr-defined]
