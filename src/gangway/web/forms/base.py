"""What all our forms share: Tabler's classes on the fields, and room errors put at the field they belong to."""

from django import forms

from gangway.foundation.errors import GangwayError
from gangway.languages.said import said


class PlainForm(forms.Form):
    """A form whose fields look like ours. The browser's own checks are off: every rule is told by us, at its field."""

    use_required_attribute = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Give each field its class; help texts and errors are tied to fields by Django's aria attributes."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            kind = (
                "form-check-input"
                if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect)
                else "form-control"
            )
            field.widget.attrs.setdefault("class", "form-select" if type(field.widget) is forms.Select else kind)

    def refuse(self, error: GangwayError) -> None:
        """Put a room's error where the person looks: at its field if the form has it, else above the form."""
        field = error.field if error.field in self.fields else None
        sentences = [said(sentence) for sentence in getattr(error, "sentences", ())]
        self.add_error(field, sentences or [told(error)])


def told(error: GangwayError) -> str:
    """Return what happened and what to do, as one line."""
    return f"{said(error.what)} {said(error.cure)}".strip()
