"""What a registration may do, as people choose it: an administrator declines, an operator asks."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gangway.foundation.errors import GangwayError
from gangway.onboarding.defaults import Defaults
from gangway.provisioning.queries import LONGEST_ROLE_DAYS, PlanView, pin
from gangway.provisioning.shapes import FeatureRow, ProfileView
from gangway.web.forms.base import MailInput, NumberInput, told
from gangway.web.forms.opened import EditForm
from gangway.web.forms.wizard import WhoYouAre

UNIT = _("Name or object ID of the administrative unit")


def _switch(feature: FeatureRow) -> forms.BooleanField:
    return forms.BooleanField(
        label=feature.title, required=False, initial=feature.on, widget=forms.CheckboxInput(attrs={"role": "switch"})
    )


def _name(feature: FeatureRow) -> str:
    return f"use_{feature.key.replace('-', '_')}"


class Grant(WhoYouAre):
    """What will be granted, with a switch for everything that may be declined, and who signs in to grant it.

    `offered` holds the switches that the page had: a feature that was added meanwhile is not declined by its absence.
    """

    colleague = forms.EmailField(
        label=_("E-mail address of another administrator"),
        required=False,
        max_length=254,
        help_text=_(
            "When somebody else consents to the permissions and gives the roles: your sign-in then asks Microsoft only "
            "for what makes the App registration, and they get a link of their own as soon as your part is done."
        ),
        widget=MailInput(placeholder="colleague@contoso.com"),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    offered = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        plan: PlanView,
        changeable: bool,
        may_leave: bool = True,
        only_choosing: bool = False,
        **kwargs: Any,
    ) -> None:
        """`only_choosing`: nobody signs in yet, so nobody has to be named. `may_leave`: part of it to somebody else."""
        super().__init__(*args, **kwargs)
        self.changeable, self.may_leave, self.only_choosing = changeable, may_leave, only_choosing
        self.switched = [feature for feature in plan.features if feature.optional and changeable]
        for feature in self.switched:
            self.fields[_name(feature)] = _switch(feature)
        if not may_leave:
            del self.fields["colleague"]
        if any(feature.needs_unit for feature in self.switched):
            self.fields["unit"] = forms.CharField(label=UNIT, required=False, initial=plan.unit)
        self.fields["upn"].required = not only_choosing
        self.initial["seen"] = plan.fingerprint
        self.initial["offered"] = " ".join(feature.key for feature in self.switched)
        for field in self.fields.values():
            kind = "form-check-input" if isinstance(field.widget, forms.CheckboxInput) else "form-control"
            field.widget.attrs.setdefault("class", kind)

    def clean(self) -> dict[str, Any]:
        """Ask about a name at a domain that isn't expected, once somebody goes on with it."""
        given = super().clean() or self.cleaned_data
        if not self.only_choosing:
            self.ask_about_upn()
        return given

    @property
    def switches(self) -> list[tuple[FeatureRow, forms.BoundField]]:
        """Each feature that may be declined, with its field."""
        return [(feature, self[_name(feature)]) for feature in self.switched]

    @property
    def declined(self) -> list[str] | None:
        """What was said no to; None when there is nothing to choose."""
        if not self.switched:
            return None
        offered = self.cleaned_data["offered"].split()
        return [
            feature.key
            for feature in self.switched
            if not (self.cleaned_data[_name(feature)] if feature.key in offered else feature.on)
        ]

    def again(self, plan: PlanView) -> "Grant":
        """The same form for a plan that changed meanwhile, with everything that was typed and chosen."""
        offered = self.cleaned_data.get("offered", "").split()
        kept = {_name(row): self.cleaned_data.get(_name(row)) for row in self.switched if row.key in offered}
        typed = {name: self.cleaned_data.get(name, "") for name in ("upn", "colleague")}
        typed |= {"unit": self.cleaned_data.get("unit", "")}
        fresh = Grant(plan=plan, changeable=self.changeable, may_leave=self.may_leave, initial=kept | typed)
        fresh.asked_about, fresh.asked_words, fresh.is_known = self.asked_about, self.asked_words, self.is_known
        return fresh


KINDS: Final = {
    "secret": _("Client secret, made by Microsoft and sealed by us"),
    "certificate": _("Certificate, whose key is made and sealed by us"),
    "federated": _("Federated: no secret at all, Microsoft trusts our own tokens"),
}


class AskedFor(EditForm):
    """What an operator asks for: features, roles, how long the credential lives. All with defaults."""

    role_choice = forms.ChoiceField(label=_("Directory roles"), required=False, widget=forms.RadioSelect)
    unit = forms.CharField(
        label=UNIT, required=False, help_text=_("Left empty, the administrator names it before signing in.")
    )
    role_days = forms.IntegerField(
        label=_("Days until the roles end (PIM)"),
        required=False,
        min_value=1,
        max_value=LONGEST_ROLE_DAYS,
        help_text=_(
            "Left empty, the roles don't end. With a number they are given through Privileged Identity Management, "
            "and checks warn before they end; the customer's tenant needs Microsoft Entra ID P2."
        ),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            _("Type a number of days from 1 to %(most)s.") % {"most": LONGEST_ROLE_DAYS},
        ),
        widget=NumberInput(),
    )
    credential_kind = forms.ChoiceField(label=_("Kind of credential"), required=False)
    credential_days = forms.IntegerField(
        label=_("Days until the credential ends"),
        required=False,
        min_value=1,
        widget=NumberInput(),
    )

    def __init__(
        self,
        *args: Any,
        profile: ProfileView,
        plan: PlanView | None = None,
        defaults: Defaults | None = None,
        **kwargs: Any,
    ) -> None:
        """`plan`: what is asked for now; None for a new registration, which begins with the provider's `defaults`."""
        super().__init__(*args, **kwargs)
        self.profile = profile
        asked = {feature.key for feature in plan.features} if plan else None
        if defaults and defaults.features is not None:
            asked = set(defaults.features)
        self.features = [feature for feature in profile.features if feature.optional]
        for feature in self.features:
            self.fields[_name(feature)] = _switch(feature)
            self.initial[_name(feature)] = feature.on if asked is None else feature.key in asked
        roles = self.fields["role_choice"]
        roles.choices = [(choice.key, choice.title) for choice in profile.role_choices]  # type: ignore[attr-defined]
        self.initial["role_choice"] = plan.role_choice if plan else profile.default_role_choice
        self.initial["unit"] = plan.unit if plan else ""
        self.initial["role_days"] = (plan.role_days or None) if plan else None
        kinds = self.fields["credential_kind"]
        kinds.choices = [(kind, KINDS[kind]) for kind in profile.credential_kinds]  # type: ignore[attr-defined]
        self.initial["credential_kind"] = plan.credential_kind if plan else profile.credential_kinds[0]
        self.initial["credential_days"] = plan.credential_days if plan and plan.days_chosen else None
        if defaults:
            self._begin_with(defaults)
        days = self.fields["credential_days"]
        days.help_text = _("1 to %(most)s. Left empty: 180 when the registration renews its own secret, else 365.") % {
            "most": profile.longest_days
        }
        days.error_messages = dict.fromkeys(
            ("invalid", "min_value"), _("Type a number of days from 1 to %(most)s.") % {"most": profile.longest_days}
        )
        for field in self.fields.values():
            kind = (
                "form-check-input"
                if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect)
                else "form-control"
            )
            field.widget.attrs.setdefault("class", kind)

    @property
    def switches(self) -> list[tuple[FeatureRow, forms.BoundField]]:
        """Each optional feature with its field."""
        return [(feature, self[_name(feature)]) for feature in self.features]

    def _begin_with(self, defaults: Defaults) -> None:
        """Put what the provider chose in place of the profile's own; empty fields stay as they are."""
        begins = {
            "licence_type": defaults.licence_type,
            "role_choice": defaults.role_choice,
            "role_days": defaults.role_days,
            "credential_kind": defaults.credential_kind,
            "credential_days": defaults.credential_days,
        }
        self.initial.update({name: value for name, value in begins.items() if value})

    @property
    def is_open(self) -> bool:
        """Whether the section is shown open: something in it is wrong, or isn't the default."""
        return self.is_bound and (bool(self.errors) or self.has_changed())

    def clean(self) -> dict[str, Any]:
        """Pin the plan, so that what doesn't go together is told at its field."""
        given = super().clean() or self.cleaned_data
        days = given.get("credential_days")
        if days is not None and days > self.profile.longest_days:
            self.add_error("credential_days", self.fields["credential_days"].error_messages["invalid"])
        if self.errors:
            return given
        try:
            self.plan, self.fingerprint = pin(
                profile=self.profile.name,
                version=self.profile.version,
                role_choice=given["role_choice"] or self.profile.default_role_choice,
                features=self.chosen(given),
                unit=given["unit"],
                role_days=given.get("role_days") or 0,
                credential_kind=given["credential_kind"] or None,
                credential_days=days,
            )
        except GangwayError as error:
            self.add_error(error.field if error.field in self.fields else None, ValidationError(told(error)))
        return given

    def chosen(self, given: dict[str, Any]) -> list[str]:
        """Return the optional features that are switched on."""
        return [feature.key for feature in self.features if given.get(_name(feature))]
