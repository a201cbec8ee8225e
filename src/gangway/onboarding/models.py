"""Rows of the room *onboarding*. Private: other rooms come in through actions and queries.

What must never be is impossible here: two living sign-ins of one case, a code or a token kept by a sign-in that is
over, a case in provisioning without a run, two operators' parts for one invitation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q

from gangway.onboarding.states import (
    ALIVE,
    HOLDS_TOKEN,
    CaseState,
    CheckState,
    LookupState,
    OperatorStep,
    SignInState,
    VisitState,
    Way,
)
from gangway.organizations.scope import OwnedModel

if TYPE_CHECKING:
    from gangway.connections.verdict import KeptItem


def _choices(states: Any) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]


def _values(states: Any) -> list[str]:
    return sorted(state.value for state in states)


class SignInApplication(models.Model):
    """The multi-tenant application an administrator signs in to; one per server, provider and cloud.

    Its client id is no secret: every sign-in page shows it. It belongs to a provider, above every case that uses it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    provider = models.ForeignKey("organizations.Organization", on_delete=models.PROTECT, related_name="+")
    cloud = models.CharField(max_length=20, default="public")
    server_name = models.CharField(max_length=60)
    client_id = models.CharField(max_length=36)
    home_tenant_id = models.CharField(max_length=36, help_text="The platform's own tenant: never a customer's.")
    display_name = models.CharField(max_length=120)
    registered_at = models.DateTimeField()
    secret_id = models.UUIDField(null=True, help_text="The sealed credential of the web client, if one was typed.")
    secret_ends_on = models.DateField(null=True, help_text="As it was typed: nobody but the home tenant can read it.")
    unlisted: models.JSONField[list[str]] = models.JSONField(
        default=list, help_text="Return addresses that the latest look found not listed at Microsoft."
    )
    publisher = models.CharField(
        max_length=256, blank=True, help_text="As Microsoft verified it; empty when it hasn't."
    )
    publisher_seen_at = models.DateTimeField(null=True, help_text="In a tenant where somebody signed in.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["provider", "cloud", "server_name"], name="onboarding_one_sign_in_application_each"
            ),
        ]

    def __str__(self) -> str:
        """Name it as Microsoft's pages do."""
        return self.display_name


class ApplicationCheck(OwnedModel):
    """One look at a provider's sign-in application from outside: what was seen, when, and what nobody can see."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    application = models.ForeignKey(SignInApplication, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=_choices(CheckState), default=CheckState.QUEUED.value)
    items: models.JSONField[list[dict[str, str]]] = models.JSONField(default=list)
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=_values(CheckState)), name="onboarding_look_state_known"),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=[CheckState.QUEUED.value, CheckState.RUNNING.value]),
                name="onboarding_one_look_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        """Name the look by its state."""
        return f"check {self.id} ({self.state})"


class ServiceDefaults(OwnedModel):
    """What *Add New Tenant* begins with for a provider's services. Empty means: as the profile and the settings say."""

    licence_type = models.CharField(max_length=30, blank=True)
    role_choice = models.CharField(max_length=60, blank=True)
    features: models.JSONField[list[str] | None] = models.JSONField(null=True)
    role_days = models.PositiveIntegerField(default=0, help_text="0: the roles don't end.")
    credential_kind = models.CharField(max_length=20, blank=True)
    credential_days = models.PositiveIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="onboarding_one_set_of_defaults_each")
        ]

    def __str__(self) -> str:
        """Name it by what it is."""
        return f"defaults {self.pk}"


class Case(OwnedModel):
    """One administrator's walk through the wizard, however many links and browsers.

    An invitation has one, and one for each other administrator to whom what remains was handed: all of one run.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    invitation = models.ForeignKey("invitations.Invitation", on_delete=models.PROTECT, related_name="+")
    handoff = models.ForeignKey("invitations.Handoff", on_delete=models.PROTECT, null=True, related_name="+")
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    provider_id = models.UUIDField()
    state = models.CharField(max_length=20, choices=_choices(CaseState), default=CaseState.BEGUN.value)
    administrator_upn = models.CharField(max_length=320, blank=True)
    colleague = models.EmailField(blank=True, help_text="Whom to ask for the rest, as named before the work.")
    assisted_by_id = models.CharField(max_length=64, blank=True)
    assisted_by_name = models.CharField(
        max_length=200, blank=True, help_text="The operator who opened the wizard together with the customer."
    )
    assisted_at = models.DateTimeField(null=True)
    sign_in = models.ForeignKey("onboarding.SignIn", on_delete=models.PROTECT, null=True, related_name="+")
    signer: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    signed_in_at = models.DateTimeField(null=True)
    registration_id = models.UUIDField(null=True)
    registration_name = models.CharField(max_length=45, blank=True)
    run_id = models.UUIDField(null=True)
    problem: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(help_text="When a person last did something here; idle cases lose their token.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=_values(CaseState)), name="onboarding_case_state_known"),
            models.UniqueConstraint(
                fields=["invitation"], condition=Q(handoff__isnull=True), name="onboarding_one_first_case_each"
            ),
            models.UniqueConstraint(fields=["handoff"], name="onboarding_one_case_of_a_handoff"),
            models.CheckConstraint(
                condition=Q(run_id__isnull=False)
                | ~Q(state__in=_values({CaseState.PROVISIONING, CaseState.WAITING, CaseState.DONE}))
                | Q(state=CaseState.DONE.value, registration_id__isnull=False),
                name="onboarding_case_provisions_with_a_run",
            ),
            models.CheckConstraint(
                condition=Q(sign_in__isnull=False)
                | ~Q(state__in=_values({CaseState.SIGNING_IN, CaseState.SIGNED_IN, CaseState.NAMING})),
                name="onboarding_case_signs_in_with_a_sign_in",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["touched_at"], name="onboarding_idle_cases"),
            models.Index(fields=["run_id"], name="onboarding_case_of_run"),
        ]

    def __str__(self) -> str:
        """Name the case by its state."""
        return f"case {self.id} ({self.state})"


class SignIn(OwnedModel):
    """One sign-in at Microsoft, looked after by whichever polling loop holds its lease."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sign_ins")
    way = models.CharField(max_length=10, choices=_choices(Way), default=Way.CODE.value)
    state = models.CharField(max_length=20, choices=_choices(SignInState), default=SignInState.ASKED.value)
    upn = models.CharField(max_length=320)
    client_id = models.CharField(max_length=36)
    cloud = models.CharField(max_length=20)
    home_tenant_id = models.CharField(max_length=36)
    scopes = models.TextField()
    claims = models.TextField(blank=True, help_text="What Microsoft wants beside a usual sign-in, as JSON.")
    device_code_id = models.UUIDField(null=True, help_text="The sealed device code.")
    return_address = models.CharField(max_length=300, blank=True, help_text="Where Microsoft sends the browser back.")
    state_hash = models.CharField(max_length=64, blank=True, help_text="Of the state that comes back with an answer.")
    nonce_hash = models.CharField(max_length=64, blank=True, help_text="Of what the id_token must repeat.")
    verifier_id = models.UUIDField(null=True, help_text="The sealed PKCE verifier.")
    code_id = models.UUIDField(null=True, help_text="The sealed authorization code.")
    identity_id = models.UUIDField(null=True, help_text="The sealed id_token, until its claims were checked.")
    token_id = models.UUIDField(null=True, help_text="The sealed delegated access token.")
    token_expires_at = models.DateTimeField(null=True)
    user_code = models.TextField(blank=True, help_text="Veiled; wiped when the sign-in is over.")
    verification_uri = models.CharField(max_length=200, blank=True)
    interval_seconds = models.PositiveIntegerField(default=5)
    code_expires_at = models.DateTimeField(null=True)
    signer: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    problem: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    failures = models.PositiveIntegerField(default=0, help_text="Calls in a row that Microsoft did not answer.")
    next_poll_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=_values(SignInState)), name="onboarding_sign_in_state_known"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=_values(ALIVE)), name="onboarding_one_living_sign_in_per_case"
            ),
            models.CheckConstraint(
                condition=Q(user_code="") | Q(state=SignInState.CODE_READY.value),
                name="onboarding_user_code_only_while_needed",
            ),
            models.CheckConstraint(
                condition=Q(device_code_id__isnull=True) | Q(state=SignInState.CODE_READY.value),
                name="onboarding_device_code_only_while_polled",
            ),
            models.CheckConstraint(
                condition=Q(verifier_id__isnull=True)
                | Q(state__in=[SignInState.AWAY.value, SignInState.RETURNED.value]),
                name="onboarding_verifier_only_before_the_trade",
            ),
            models.CheckConstraint(
                condition=Q(code_id__isnull=True) | Q(state=SignInState.RETURNED.value),
                name="onboarding_code_only_before_the_trade",
            ),
            models.CheckConstraint(
                condition=Q(identity_id__isnull=True) | Q(state=SignInState.CHECKING.value),
                name="onboarding_identity_only_while_checked",
            ),
            models.CheckConstraint(
                condition=Q(token_id__isnull=True) | Q(state__in=_values(HOLDS_TOKEN)),
                name="onboarding_token_only_while_needed",
            ),
            models.CheckConstraint(
                condition=Q(next_poll_at__isnull=False) | ~Q(state__in=_values(ALIVE)),
                name="onboarding_living_sign_in_is_due_sometime",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_poll_at"], condition=Q(state__in=_values(ALIVE)), name="onboarding_sign_ins_due"
            ),
        ]

    def __str__(self) -> str:
        """Name the sign-in by its state."""
        return f"sign-in {self.id} ({self.state})"


class ExistingRegistration(OwnedModel):
    """What somebody typed of a registration that is there already, and what was last seen of it; one for each case.

    The ids are those that its rows will have once it is proved. Nothing here is secret: the secret, or the key of a
    certificate that we made for it, is sealed.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="existing")
    registration_id = models.UUIDField(default=uuid4)
    credential_id = models.UUIDField(default=uuid4, unique=True)
    tenant = models.CharField(max_length=253, blank=True, help_text="As typed: an id or a domain.")
    tenant_id = models.CharField(max_length=36, blank=True, help_text="The id; of a domain, once a worker found it.")
    client_id = models.CharField(max_length=36, blank=True)
    kind = models.CharField(max_length=12, default="secret")
    sealed_id = models.UUIDField(null=True)
    about: models.JSONField[dict[str, str]] = models.JSONField(
        default=dict, help_text="What is public of a certificate or a trust."
    )
    ends_on = models.DateField(null=True, help_text="Of the secret, as typed.")
    certificate_der = models.TextField(blank=True, help_text="The certificate itself, base64: public, for the tenant.")
    key_ends_at = models.DateTimeField(null=True, help_text="Of the certificate.")
    faults: models.JSONField[dict[str, str]] = models.JSONField(default=dict, help_text="What is wrong, by field.")
    items: models.JSONField[list[KeptItem]] = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="Since when a worker looks at it.")
    typed_by_id = models.CharField(max_length=64, blank=True, help_text="The operator who types it; empty by link.")
    typed_by_name = models.CharField(max_length=200, blank=True)
    user_name = models.CharField(max_length=320, blank=True, help_text="What M365 Configuration shows as User Name.")
    passed_over = models.BooleanField(db_default=False, help_text="Somebody went on to sign in at Microsoft instead.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind__in=["secret", "certificate", "federated"]), name="onboarding_existing_kind_known"
            ),
        ]

    def __str__(self) -> str:
        """Name it without anything that was typed."""
        return f"existing registration of case {self.case_id}"


class OperatorOnboarding(OwnedModel):
    """The operator's part after *Add*: one for each invitation, so that exactly one person gets it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    invitation = models.OneToOneField("invitations.Invitation", on_delete=models.PROTECT, related_name="+")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    registration_id = models.UUIDField()
    credential_id = models.UUIDField()
    step = models.CharField(max_length=20, choices=_choices(OperatorStep), default=OperatorStep.REGISTRATION.value)
    added_by_id = models.CharField(max_length=64)
    added_by_name = models.CharField(max_length=200)
    added_at = models.DateTimeField()
    check_state = models.CharField(max_length=10, default="none")
    check_status = models.CharField(max_length=10, default="unknown")
    check_items: models.JSONField[list[KeptItem]] = models.JSONField(default=list)
    check_granted: models.JSONField[list[str] | None] = models.JSONField(null=True)
    check_roles: models.JSONField[list[str] | None] = models.JSONField(null=True)
    check_problem: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    check_started_at = models.DateTimeField(null=True)
    check_ended_at = models.DateTimeField(null=True)
    m365_domain = models.CharField(max_length=253, blank=True)
    tenant_confirmed_at = models.DateTimeField(
        null=True, help_text="When an operator said that it is the customer's; asked where no domain was known."
    )
    finished_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(step__in=_values(OperatorStep)), name="onboarding_operator_step_known"),
            models.CheckConstraint(
                condition=Q(check_state__in=["none", "queued", "running", "done", "failed"]),
                name="onboarding_check_state_known",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(step=OperatorStep.CREATED.value),
                name="onboarding_finished_when_created",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["-added_at", "id"], condition=Q(finished_at__isnull=True), name="onboarding_unfinished_by_age"
            ),
        ]

    def __str__(self) -> str:
        """Name it by its step."""
        return f"onboarding {self.id} ({self.step})"


class TenantLookup(OwnedModel):
    """Which tenant a domain belongs to, as Microsoft's sign-in service tells everybody; kept for a day."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    domain = models.CharField(max_length=253)
    cloud = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=_choices(LookupState), default=LookupState.ASKED.value)
    tenant_id = models.CharField(max_length=36, blank=True)
    asked_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "cloud", "domain"], name="onboarding_one_lookup_a_domain"),
            models.CheckConstraint(condition=Q(state__in=_values(LookupState)), name="onboarding_lookup_state_known"),
            models.CheckConstraint(
                condition=~Q(state=LookupState.FOUND.value) | ~Q(tenant_id=""), name="onboarding_found_is_a_tenant"
            ),
        ]

    def __str__(self) -> str:
        """Name the lookup by its domain."""
        return self.domain


class Visit(OwnedModel):
    """Somebody of a customer's tenant who signed in, or is about to, by a provider's sign-in application.

    It belongs to the provider, as nobody knows the customer beforehand. What the checked id_token proved stands here
    for as long as the session may last; no token is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    state = models.CharField(max_length=10, choices=_choices(VisitState), default=VisitState.AWAY.value)
    cloud = models.CharField(max_length=20)
    client_id = models.CharField(max_length=36)
    scopes = models.TextField()
    return_address = models.CharField(max_length=300)
    state_hash = models.CharField(max_length=64, help_text="Of the state that comes back with an answer.")
    nonce_hash = models.CharField(max_length=64, help_text="Of what the id_token must repeat.")
    verifier_id = models.UUIDField(null=True, help_text="The sealed PKCE verifier.")
    code_id = models.UUIDField(null=True, help_text="The sealed authorization code.")
    ends_at = models.DateTimeField(help_text="Until when the browser is awaited back.")
    removal: models.JSONField[list[dict[str, Any]]] = models.JSONField(
        default=list, help_text="What they agreed to have removed, each registration with its run once it began."
    )
    for_tenant_id = models.CharField(max_length=36, blank=True, help_text="Who signs in once more is of this tenant.")
    tenant_id = models.CharField(max_length=36, blank=True, help_text="As the id_token proved it.")
    object_id = models.CharField(max_length=36, blank=True)
    upn = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=256, blank=True)
    roles: models.JSONField[list[str]] = models.JSONField(default=list, help_text="Template ids of those that count.")
    customers: models.JSONField[list[str]] = models.JSONField(default=list, help_text="Whom the tenant belongs to.")
    problem: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    signed_in_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=_values(VisitState)), name="onboarding_visit_state_known"),
            models.CheckConstraint(
                condition=Q(code_id__isnull=True) | Q(state=VisitState.RETURNED.value),
                name="onboarding_visit_code_only_before_the_trade",
            ),
            models.CheckConstraint(
                condition=Q(verifier_id__isnull=True) | Q(state__in=[VisitState.AWAY.value, VisitState.RETURNED.value]),
                name="onboarding_visit_verifier_only_before_the_trade",
            ),
            models.CheckConstraint(
                condition=Q(signed_in_at__isnull=False) & ~Q(tenant_id="") | ~Q(state=VisitState.SIGNED_IN.value),
                name="onboarding_visitor_has_a_tenant",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="onboarding_visits_by_age"),
        ]

    def __str__(self) -> str:
        """Name the visit by its state."""
        return f"visit {self.id} ({self.state})"


class Disconnection(OwnedModel):
    """A service that the customer's own administrator disconnected; only such a one can they take back themselves."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    upn = models.CharField(max_length=320, blank=True)
    asked_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by_customer = models.BooleanField(db_default=False, help_text="Else its provider kept the service.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["service"], condition=Q(taken_back_at__isnull=True), name="onboarding_disconnected_once"
            ),
        ]

    def __str__(self) -> str:
        """Name it by its service."""
        return f"disconnection of {self.service_id}"
