"""Forms about people: inviting somebody, another role, an account's password, an organization's rules of sign-in."""

from collections.abc import Sequence
from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.accounts.states import ClaimKind, SecondFactor
from gangway.foundation.names import CURE, WHAT, holds_address
from gangway.languages.said import said
from gangway.organizations.people_queries import PlaceChoice
from gangway.organizations.queries import Seat
from gangway.organizations.roles import ROLES, Kind, Role, gives
from gangway.web.forms.base import MailInput, PlainForm
from gangway.web.forms.opened import EditForm

ROLE_WORDS: Final[dict[Role, str | Promise]] = {
    Role.ADMIN: _("Admin"),
    Role.OPERATOR: _("Operator"),
    Role.MONITOR: _("Monitor"),
    Role.OPERATOR_LITE: _("Operator Lite"),
}
KIND_WORDS: Final[dict[Kind, str | Promise]] = {
    Kind.SYSTEM: _("System"),
    Kind.PROVIDER: _("Provider"),
    Kind.CHANNEL: _("Channel"),
    Kind.CUSTOMER: _("Customer"),
}
SECOND_FACTOR_WORDS: Final[dict[SecondFactor, str | Promise]] = {
    SecondFactor.INHERIT: _("As the organization above says"),
    SecondFactor.REQUIRED: _("Required, here and in everything below"),
    SecondFactor.OPTIONAL: _("Optional"),
}


def no_address(value: str) -> None:
    """Refuse what a mail program would make a link of."""
    if holds_address(value):
        raise ValidationError(f"{said(WHAT)} {said(CURE)}")


def roles_to_give(seat: Seat, kind: Kind) -> list[tuple[str, str | Promise]]:
    """Return the choices of a role's field: those that this person may give at this level."""
    return [(role.value, ROLE_WORDS[role]) for role in gives(seat.organization_kind, seat.role, at=kind)]


class InviteOperator(PlainForm):
    """Who is invited, to which organization, as what."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        error_messages={"required": _("Type the person's name, as others shall see it.")},
        validators=[no_address],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The link goes there; the person signs in with it."),
        error_messages={
            "required": _("Type the address that the link goes to."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=MailInput(),
    )
    organization = forms.ChoiceField(label=_("Organization"))
    role = forms.ChoiceField(
        label=_("Role"),
        help_text=_("One role per person and organization."),
        error_messages={"required": _("Choose a role; the least that does is best.")},
    )

    def __init__(self, *args: object, seat: Seat, places: Sequence[PlaceChoice], **kwargs: object) -> None:
        """`places`: the organizations to choose from; `seat`: who invites, hence which roles there are to give.

        Offered are those of the organization that is chosen; unless there is only one, none stands there beforehand.
        """
        super().__init__(*args, **kwargs)
        self._seat, self._places = seat, {str(place.id): place for place in places}
        words = [(str(place.id), f"{place.name} ({KIND_WORDS[place.kind]})") for place in places]
        self._choose("organization", words)
        chosen = self._places.get(str(self["organization"].value())) or next(iter(places), None)
        roles = roles_to_give(seat, chosen.kind) if chosen else []
        self._choose("role", [("", _("Choose a role")), *roles] if len(roles) > 1 else roles)
        known = ", ".join(str(words) for _value, words in roles)
        self.fields["role"].error_messages["invalid_choice"] = _("At this level there are: %(roles)s.") % {
            "roles": known
        }

    def _choose(self, name: str, choices: list[tuple[str, str]] | list[tuple[str, str | Promise]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = choices


class Join(PlainForm):
    """What an invited person chooses: how they are called, and a password."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Type your name, as others shall see it.")},
        validators=[no_address],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        help_text=_("At least 15 characters. A sentence of a few words is best; you may paste it."),
        error_messages={"required": _("Choose a password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class PersonName(EditForm):
    """A person's name, as others see it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("As others see it, in lists and in the activity log from now on."),
        error_messages={"required": _("Type a name, as others shall see it.")},
        validators=[no_address],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class NewAddress(PlainForm):
    """Another e-mail address for somebody who has an account."""

    email = forms.EmailField(
        label=_("New e-mail address"),
        help_text=_("A link goes there. The address counts once its owner, signed in, confirms it by the link."),
        error_messages={
            "required": _("Type the new address."),
            "invalid": _("This isn't an e-mail address. It looks like name@example.com."),
        },
        widget=MailInput(),
    )


class SecondFactorRule(EditForm):
    """Whether people of the organization need a second factor."""

    rule = forms.ChoiceField(
        label=_("Second factor"), choices=[(each.value, words) for each, words in SECOND_FACTOR_WORDS.items()]
    )


class NewTenant(PlainForm):
    """An Entra tenant whose people may sign in with Microsoft."""

    tenant_id = forms.CharField(
        label=_("Entra tenant ID"),
        max_length=60,
        error_messages={"required": _("Type the tenant's ID; it stands on the Overview page of Entra.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    does_second_factor = forms.BooleanField(
        label=_("This tenant asks its people for a second factor itself; don't ask for ours"), required=False
    )


class MapRole(PlainForm):
    """What an app role or a group of the tenant gives here."""

    kind = forms.ChoiceField(
        label=_("What the tenant calls it"),
        choices=[
            (ClaimKind.APP_ROLE.value, _("App role (its value)")),
            (ClaimKind.GROUP.value, _("Group (its object ID)")),
        ],
    )
    value = forms.CharField(
        label=_("Value or ID"),
        max_length=120,
        error_messages={"required": _("Type the app role's value or the group's object ID.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=_("Role here"))

    def __init__(self, *args: object, seat: Seat, kind: Kind, **kwargs: object) -> None:
        """`kind`: the organization's level, hence which roles there are to give."""
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = roles_to_give(seat, kind)


def kinds_to_invite(seat: Seat) -> frozenset[Kind]:
    """Return the levels for which this person may give roles at all."""
    return frozenset(kind for kind in ROLES if gives(seat.organization_kind, seat.role, at=kind))
