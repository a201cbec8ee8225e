"""What all our forms share: Tabler's classes on the fields, room errors at their fields, and the common inputs."""

from django import forms

from gangway.foundation.errors import GangwayError
from gangway.languages.said import said


class PlainInput(forms.TextInput):
    """For names, ids and addresses: browsers neither complete, capitalize nor correct them."""

    def __init__(self, **attrs: str) -> None:
        """`attrs`: beside ours."""
        super().__init__({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", **attrs})


class NumberInput(forms.TextInput):
    """For numbers: phones show digits, and nothing scrolls away what was typed."""

    def __init__(self) -> None:
        """There is one kind."""
        super().__init__({"inputmode": "numeric", "autocomplete": "off"})


class DayInput(forms.DateInput):
    """For a day: browsers show their calendar."""

    def __init__(self) -> None:
        """The format is the one that HTML wants."""
        super().__init__({"type": "date"}, format="%Y-%m-%d")


class MailInput(forms.EmailInput):
    """For somebody else's e-mail address, which no browser completes."""

    def __init__(self, **attrs: str) -> None:
        """`attrs`: beside ours."""
        super().__init__({"autocomplete": "off", **attrs})


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
