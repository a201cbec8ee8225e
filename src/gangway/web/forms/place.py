"""What an operator types about a customer, channel or provider: its fields, its bounds, and whom to tell."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.foundation.clouds import CloudName
from gangway.foundation.errors import GangwayError
from gangway.languages.choice import NAMES
from gangway.organizations.details import (
    MOST_CONTACTS,
    Bounds,
    Contact,
    Details,
    Tenant,
    checked_bounds,
    checked_details,
    checked_name,
    checked_tenants,
)
from gangway.organizations.errors import InvalidPicture
from gangway.organizations.pictures import MOST_BYTES
from gangway.organizations.place_queries import Choice, PlaceView
from gangway.organizations.roles import Kind
from gangway.web.forms.base import PlainForm, told
from gangway.web.forms.opened import EditForm

MOST_ROWS: Final = 5
"""Contacts, and more tenants, that the page has room for at first."""
GUID: Final = _("Looks like 11111111-2222-4333-8444-555555555555.")
CLOUDS: Final = (
    (CloudName.PUBLIC.value, _("Public")),
    (CloudName.GCC_HIGH.value, _("GCC High (United States Government)")),
    (CloudName.DOD.value, _("DoD (United States)")),
    (CloudName.CHINA.value, _("21Vianet (China)")),
)


class PlaceForm(EditForm):
    """All fields of the three levels; those that a level doesn't have are left out."""

    name = forms.CharField(label=_("Name"), strip=False, error_messages={"required": _("Type a name.")})
    short_name = forms.CharField(
        label=_("Short name"),
        max_length=45,
        help_text=_("Part of the sign-in application's name. It can't be changed later."),
        error_messages={"required": _("Type a short name.")},
    )
    parent = forms.ChoiceField(label=_("Below"), error_messages={"required": _("Choose the provider or a channel.")})
    description = forms.CharField(label=_("Description"), required=False)
    domain = forms.CharField(
        label=_("Microsoft 365 domain"), required=False, help_text=_("One of the customer's domains: contoso.com.")
    )
    tenant_id = forms.CharField(label=_("Microsoft tenant ID"), required=False, help_text=GUID)
    cloud = forms.ChoiceField(label=_("Microsoft cloud"), choices=CLOUDS, required=False)
    entra_group_id = forms.CharField(
        label=_("Entra group object ID"),
        required=False,
        help_text=_("Only members of this group come in with Microsoft. Empty: everybody with a role."),
    )
    reply_to = forms.CharField(label=_("Reply address"), required=False, help_text=_("Where answers to our mails go."))
    support_phone = forms.CharField(
        label=_("Support telephone"), required=False, help_text=_("Mails and pages of customers say it.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As the level above")), *NAMES.items()],
        required=False,
        help_text=_("That invitations begin with, and that contacts get their mails in."),
    )
    information = forms.CharField(label=_("General information"), required=False)
    customers = forms.IntegerField(
        label=_("Number of customers"), required=False, min_value=0, help_text=_("Empty: as many as there are.")
    )
    users = forms.IntegerField(
        label=_("Acquired user licenses"),
        required=False,
        min_value=0,
        help_text=_("Of all services together. Empty: unlimited."),
    )
    warning_percent = forms.IntegerField(label=_("Warning Limit (%)"), min_value=1, max_value=100, initial=90)
    grace_percent = forms.IntegerField(
        label=_("Grace Interval (%)"),
        min_value=0,
        max_value=100,
        initial=10,
        help_text=_("So much more may be used for a while."),
    )

    once = forms.CharField(required=False, widget=forms.HiddenInput, initial=lambda: str(uuid4()))
    """What is added gets it as its id, so that a form that is sent twice adds one."""

    BESIDE: ClassVar[dict[str, str | Promise]] = {
        "contacts": _("Contact Info"),
        "tenants": _("More Microsoft tenants"),
    }

    LEFT_OUT: Final = {
        Kind.CUSTOMER: {
            "short_name",
            "reply_to",
            "support_phone",
            "customers",
            "users",
            "warning_percent",
            "grace_percent",
        },
        Kind.CHANNEL: {"domain", "users", "warning_percent", "grace_percent", "cloud"},
        Kind.PROVIDER: {"parent", "domain", "customers", "cloud"},
    }

    def __init__(
        self,
        *args: object,
        kind: Kind,
        parents: Iterable[Choice] = (),
        adding: bool,
        is_sought: bool = False,
        **kwargs: Any,
    ) -> None:
        """`adding`: place and short name are asked for; later the first is moved, a provider's second never.

        `is_sought`: `parents` are those of a search, so that even one is shown.
        """
        super().__init__(*args, **kwargs)
        out = set(self.LEFT_OUT[kind])
        out |= set() if adding else {"once", "parent"} | ({"short_name"} if kind is not Kind.CHANNEL else set())
        choices = [(str(choice.id), choice.name) for choice in parents]
        if len(choices) < 2 and not is_sought:  # noqa: PLR2004 - nothing to choose
            out.add("parent")
        for name in out:
            self.fields.pop(name, None)
        if kind is Kind.CHANNEL:
            self.fields["reply_to"].help_text = _("Where its customers' answers go. Empty: to the provider's address.")
            self.fields["support_phone"].help_text = _("Its customers read it. Empty: the provider's.")
            self.fields["short_name"].help_text = _("What the settings of the server call it, within its provider.")
        if "parent" in self.fields:
            self.fields["parent"].choices = choices  # type: ignore[attr-defined]
        self.kind, self._only_parent = kind, choices[0][0] if len(choices) == 1 else None

    def clean(self) -> dict[str, Any]:
        """Say at each field what can't be kept, all at once; the rules are the room's own."""
        given = super().clean() or self.cleaned_data
        for name, value in list(given.items()):
            try:
                if name == "name":
                    checked_name(value)
                elif name in Details.__dataclass_fields__:
                    checked_details(Details(**{name: value}))
                elif name in Bounds.__dataclass_fields__:
                    checked_bounds(Bounds(**{name: value}))
            except GangwayError as error:
                self.refuse(error)
        return given

    def parent_id(self) -> UUID | None:
        """Return the organization below which a new one comes to stand."""
        chosen = self.cleaned_data.get("parent") or self._only_parent
        return UUID(chosen) if chosen else None

    def id_once(self) -> UUID | None:
        """Return the id that this opened form gives to what it adds; None where none was sent."""
        try:
            return UUID(self.cleaned_data.get("once", ""))
        except ValueError:
            return None

    def details(self) -> Details:
        """Return the free fields: those that this level has as they were typed, the others as they are stored."""
        names = Details.__dataclass_fields__
        return Details(**{name: self.cleaned_data.get(name, self.initial.get(name, "")) for name in names})

    def bounds(self) -> Bounds | None:
        """Return what may be used at most, None for a level without bounds."""
        if self.kind is Kind.CUSTOMER:
            return None
        given = self.cleaned_data
        bounds = Bounds(customers=given.get("customers"), users=given.get("users"))
        if self.kind is Kind.CHANNEL:
            return bounds
        return Bounds(None, given["users"], given["warning_percent"], given["grace_percent"])


def initial_of(view: PlaceView) -> dict[str, object]:
    """Return what the form begins with when an organization is edited."""
    details = {name: getattr(view.details, name) for name in Details.__dataclass_fields__}
    bounds = {
        "customers": view.bounds.customers,
        "users": view.bounds.users,
        "warning_percent": view.bounds.warning_percent,
        "grace_percent": view.bounds.grace_percent,
    }
    return {"name": view.name, "short_name": view.short_name, "cloud": view.cloud, **details, **bounds}


def rows_of(view: PlaceView) -> dict[str, list[str]]:
    """Return what is edited beside the fields, as it is stored."""
    return in_rows(view.contacts, view.more_tenants)


def in_rows(contacts: Iterable[Contact], tenants: Iterable[Tenant] | None) -> dict[str, list[str]]:
    """Return contacts and tenants in words, a text for each; tenants that weren't sent say nothing."""
    told = {"contacts": [" ".join(filter(None, (each.name, each.email, each.phone))) for each in contacts]}
    if tenants is not None:
        told["tenants"] = [" ".join(filter(None, (each.domain, each.tenant_id))) for each in tenants]
    return told


class ContactForm(PlainForm):
    """One contact; a row without an address is no contact."""

    name = forms.CharField(label=_("Name"), required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        error_messages={"invalid": _("This isn't an e-mail address. It looks like name@example.com.")},
    )
    phone = forms.CharField(label=_("Telephone"), required=False, widget=forms.TextInput(attrs={"inputmode": "tel"}))

    def clean(self) -> dict[str, object]:
        """Ask for the address of somebody who has a name or a number."""
        given = self.cleaned_data
        if not given.get("email") and (given.get("name") or given.get("phone")) and "email" not in self.errors:
            self.add_error("email", _("Type this contact's address, or empty the row."))
        return given


ContactRows = forms.formset_factory(ContactForm, extra=0, max_num=MOST_CONTACTS, absolute_max=MOST_CONTACTS)


def contact_rows(data: Mapping[str, Any] | None, contacts: Iterable[Contact]) -> "forms.BaseFormSet[ContactForm]":
    """Return the rows of contacts: all there are, and empty ones: at least one until there are as many as may be."""
    known = [{"name": each.name, "email": each.email, "phone": each.phone} for each in contacts]
    rows_shown = max(MOST_ROWS, min(len(known) + 1, MOST_CONTACTS))
    rows: forms.BaseFormSet[ContactForm] = ContactRows(
        data,
        initial=known + [{} for _row in range(rows_shown - len(known))],
        prefix="contact",
    )
    return rows


class ContactsForm(EditForm):
    """The contacts alone, as a customer's own people change them."""

    BESIDE: ClassVar[dict[str, str | Promise]] = {"contacts": _("Contacts")}


class TenantForm(PlainForm):
    """One more Microsoft tenant of a customer; an empty row is none."""

    domain = forms.CharField(label=_("Microsoft 365 domain"), required=False)
    tenant_id = forms.CharField(label=_("Microsoft tenant ID"), required=False)

    def clean(self) -> dict[str, object]:
        """Say at once which row can't be a tenant."""
        given = self.cleaned_data
        for name in ("domain", "tenant_id"):
            try:
                checked_tenants([Tenant(**{"domain": "", "tenant_id": "", name: given.get(name, "")})])
            except GangwayError as error:
                self.add_error(name, told(error))
        return given


TenantRows = forms.formset_factory(TenantForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


def tenant_rows(data: Mapping[str, Any] | None, tenants: Iterable[Tenant]) -> "forms.BaseFormSet[TenantForm]":
    """Return the rows of more tenants; a form that was sent without them leaves what is known as it is."""
    known = [{"domain": each.domain, "tenant_id": each.tenant_id} for each in tenants]
    rows: forms.BaseFormSet[TenantForm] = TenantRows(
        data if data is not None and "tenant-TOTAL_FORMS" in data else None,
        initial=known + [{} for _row in range(MOST_ROWS - len(known))],
        prefix="tenant",
    )
    return rows


def tenants_of(rows: "forms.BaseFormSet[TenantForm]") -> list[Tenant] | None:
    """Return the tenants that were typed, None where the form was sent without them."""
    if not rows.is_bound:
        return None
    given = [row.cleaned_data for row in rows.forms]
    return [Tenant(each["tenant_id"], each["domain"]) for each in given if each.get("tenant_id") or each.get("domain")]


class LogoForm(PlainForm):
    """A picture for the head of an organization's pages; none takes the present one away."""

    logo = forms.FileField(
        label=_("Picture"), required=False, max_length=200, help_text=_("PNG or JPEG, at most 100 KB.")
    )

    def clean_logo(self) -> Any:
        """Say that a file is too large; of such a one nothing was kept."""
        given = self.cleaned_data["logo"]
        if given and given.size > MOST_BYTES:
            raise ValidationError(told(InvalidPicture(f"The picture is larger than {MOST_BYTES // 1024} KB.")))
        return given


class ColourForm(EditForm):
    """The colour of buttons in mails and on the pages behind a link."""

    colour = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=7,
        help_text=_(
            "As #1d4ed8. It must be seen well on white; the words on it become white or black by themselves."
            " Empty: that of the level above."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def contacts_of(rows: "forms.BaseFormSet[ContactForm]") -> list[Contact]:
    """Return the contacts that were typed."""
    given = [row.cleaned_data for row in rows.forms]
    return [Contact(each["name"], each["email"], each["phone"]) for each in given if each.get("email")]
