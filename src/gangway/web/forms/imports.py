"""*Import*: which kind of file, and the file."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.imports.errors import FileEmpty, FileTooLarge
from gangway.imports.reading import MOST_BYTES
from gangway.imports.states import Kind
from gangway.invitations.terms import LONGEST_LIFE
from gangway.web.forms.base import NumberInput, PlainForm, told
from gangway.web.forms.invitation import DAYS
from gangway.web.words import IMPORT_KIND


class ImportForm(PlainForm):
    """The file is read in memory. `provider` is asked of people of the whole system only."""

    provider = forms.ChoiceField(
        label=_("Provider"),
        error_messages={
            "required": _("Choose whose services these are."),
            "invalid_choice": _("Choose one of the list."),
        },
    )
    kind = forms.ChoiceField(
        label=_("What the rows are"),
        choices=[(kind.value, IMPORT_KIND[kind.value]) for kind in Kind],
        error_messages={"required": _("Choose one of the two."), "invalid_choice": _("Choose one of the two.")},
        widget=forms.RadioSelect,
    )
    table = forms.FileField(
        label=_("File"),
        max_length=200,
        help_text=_("CSV in UTF-8, at most 2 MB and 2,000 rows."),
        error_messages={"required": _("Choose a file."), "empty": told(FileEmpty())},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    finish_by_itself = forms.BooleanField(
        label=_("Finish by itself when the checks pass"),
        required=False,
        help_text=_("Each service is created without you, unless a check fails or something has to be chosen."),
    )

    days = forms.IntegerField(
        label=_("Days that the links are good for"),
        required=False,
        min_value=1,
        max_value=LONGEST_LIFE,
        help_text=_("1 to 90, counted from when each is sent. Left empty, as the provider has it then."),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), DAYS),
        widget=NumberInput(),
    )
    knowingly = forms.BooleanField(
        label=_("Addresses outside the customers' domains are meant"),
        required=False,
        help_text=_("Without this, a row whose link would go to another domain than its customer's is not imported."),
    )

    def __init__(self, *args: Any, providers: Iterable[tuple[UUID, str]], **kwargs: Any) -> None:
        """`providers`: those to choose from; empty where it is clear whose services these are."""
        super().__init__(*args, **kwargs)
        choices = [(str(key), name) for key, name in providers]
        if choices:
            self.fields["provider"].choices = [("", _("Choose")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["provider"]

    def clean_table(self) -> Any:
        """Say that a file is too large; of such a one nothing was kept."""
        given = self.cleaned_data["table"]
        if given.size > MOST_BYTES:
            raise ValidationError(told(FileTooLarge()))
        return given
