"""Edit forms: what two people change at the same time isn't lost, neither what is stored nor what was typed.

A page carries, hidden, what it showed when it was opened. `saving` locks the row, reads what is stored now and
compares: where a colleague has changed something since, nothing is saved. The page then shows what they changed; fields
that this person hasn't touched take the colleague's values, all others keep what was typed, and the next *Save* counts.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, TypeVar

from django import forms
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.web.forms.base import PlainForm

AS_OPENED: Final = "as_opened"
"""The name under which a page sends back what it showed."""
UNSEEN: Final = (forms.HiddenInput, forms.PasswordInput, forms.FileInput)
"""Fields that show nothing of what is stored."""

Value = str | bool | list[str]


class ChangedMeanwhile(GangwayError):
    """Somebody else saved first."""

    code = "web:form:changed_meanwhile"
    what = "Somebody has changed this since you opened the page; nothing of yours is saved yet."
    cure = "Look at what they changed. What you typed is still here: save again to put it in place."
    acts = WhoActs.OPERATOR


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a colleague changed, in words; `yours` is empty where this person hadn't touched it."""

    label: str | Promise
    before: str
    now: str
    yours: str = ""


class EditForm(PlainForm):
    """A form about something that is there already. `edited` makes it one that compares."""

    BESIDE: ClassVar[Mapping[str, str | Promise]] = {}
    """Labels of what is edited on the same page in rows of its own, by name."""
    PROPOSED: ClassVar[frozenset[str]] = frozenset()
    """Fields that propose something in place of what is stored: they show nothing that a colleague could change."""

    def __init__(self, *args: Any, beside: Mapping[str, list[str]] | None = None, **kwargs: Any) -> None:
        """`beside`: what is stored of that."""
        super().__init__(*args, **kwargs)
        self.beside = dict(beside or {})
        self.differences: tuple[Difference, ...] = ()
        self.taken_over: frozenset[str] = frozenset()
        """What was put in place of the stored value that the page had shown, since this person hadn't touched it."""
        self._made: Callable[[], EditForm] | None = None
        self._hold: Callable[[], object] = lambda: None
        self._opened: str | None = None

    def compares(self, made: "Callable[[], EditForm]", *, hold: Callable[[], object]) -> None:
        """Have `saving` compare with the unbound form that `made` gives, while `hold` keeps others from writing."""
        self._made, self._hold = made, hold

    @property
    def as_opened(self) -> str:
        """What the page shows of what is stored, for the next time it is sent; empty for what is being added."""
        if self._made is None:
            return ""
        if self._opened is None:
            sent = self.data.get(AS_OPENED) if self.is_bound else None
            self._opened = sent if isinstance(sent, str) and sent else json.dumps(self.stored())
        return self._opened

    def stored(self) -> dict[str, Value]:
        """Return what this form begins with, field by field."""
        shown = {name: field for name, field in self.fields.items() if self._shows(name, field)}
        values = {name: _plain(field, self.get_initial_for_field(field, name)) for name, field in shown.items()}
        return {**values, **self.beside}

    def _shows(self, name: str, field: forms.Field) -> bool:
        return name not in self.PROPOSED and not isinstance(field.widget, UNSEEN)

    @contextmanager
    def saving(self, *, beside: Mapping[str, list[str]] | None = None) -> Iterator[None]:
        """Save in one transaction, if nobody else did since the page was opened; else raises `ChangedMeanwhile`.

        `beside`: what was typed of that. What somebody else changed to the very same is no difference.
        """
        if self._made is None:
            message = "call compares() first"
            raise RuntimeError(message)
        with transaction.atomic():
            self._hold()
            self._compare(self._made(), beside or {})
            yield

    def _compare(self, fresh: "EditForm", beside: Mapping[str, list[str]]) -> None:
        opened, stored = _read(self.data.get(AS_OPENED)), fresh.stored()
        typed = {name: self._typed(name) for name in stored if name in self.fields} | dict(beside)
        moved = [
            name
            for name, value in stored.items()
            if name in opened and name in typed and opened[name] != value != typed[name]
        ]
        if not moved:
            return
        untouched = {name for name in moved if typed[name] == opened[name]}
        self.differences = tuple(
            Difference(
                self._label(name),
                self._words(name, opened[name]),
                self._words(name, stored[name]),
                "" if name in untouched else self._words(name, typed[name]),
            )
            for name in moved
        )
        sent: Any = self.data
        self.data = sent.copy()
        for name in untouched & set(self.fields):
            _put(self, name, stored[name])
        self.taken_over = frozenset(untouched)
        self._opened = json.dumps(stored)
        raise ChangedMeanwhile

    def _typed(self, name: str) -> Value:
        return _plain(self.fields[name], self[name].data)

    def _label(self, name: str) -> str | Promise:
        return self.fields[name].label or name if name in self.fields else self.BESIDE[name]

    def _words(self, name: str, value: Value) -> str:
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        choices = getattr(self.fields.get(name), "choices", None) or ()
        words = {str(key): str(word) for key, word in choices if not isinstance(word, list | tuple)}
        said = [words.get(each, each) for each in (value if isinstance(value, list) else [value])]
        return "; ".join(each for each in said if each) or str(_("nothing"))


F = TypeVar("F", bound=EditForm)


def edited(make: Callable[[Any], F], data: Any = None, *, hold: Callable[[], object]) -> F:
    """Return the form of something stored: as it was sent, or without data as it stands.

    `make` gives it for data, or from what is stored when there is none; it is called again under the lock that `hold`
    takes, so it has to read what it shows itself.
    """
    form = make(data or None)
    form.compares(lambda: make(None), hold=hold)
    return form


def _plain(field: forms.Field, value: object) -> Value:
    """Return a value in one spelling, be it stored or sent."""
    if isinstance(field, forms.BooleanField):
        return bool(field.to_python(value))
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _read(sent: object) -> dict[str, Value]:
    """Read what a page sent back; what isn't ours says nothing."""
    try:
        given = json.loads(sent) if isinstance(sent, str) else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(given, dict):
        return {}
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(each, str) for each in value))
    }


def _put(form: EditForm, name: str, value: Value) -> None:
    """Show another value than the one that was sent."""
    key = form.add_prefix(name)
    if value is False:
        form.data.pop(key, None)  # type: ignore[attr-defined]
    elif isinstance(value, list):
        form.data.setlist(key, value)  # type: ignore[attr-defined]
    else:
        form.data[key] = "on" if value is True else value  # type: ignore[index]
