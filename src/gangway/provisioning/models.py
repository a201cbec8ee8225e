"""Rows of the room *provisioning*. Private: other rooms come in through actions and queries."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from gangway.foundation.clouds import CloudName
from gangway.organizations.scope import OwnedModel
from gangway.provisioning.engine.remaining import WaitsFor
from gangway.provisioning.engine.sight import Source
from gangway.provisioning.states import (
    CredentialState,
    LeftoverKind,
    RegistrationState,
    RunKind,
    RunState,
    StepState,
)

ONE_NAME_PER_TENANT = "provisioning_one_name_per_tenant"
ONE_LIVING_RUN = "provisioning_one_living_run_of_a_registration"
FEDERATED = "federated"
"""The kind of credential that has no secret."""
ONE_LEFTOVER = "provisioning_one_open_leftover_of_a_thing"
LOOKS = (Source.SIGNED_IN.value, Source.OWN_RIGHT.value)
"""Looks that read what else is there."""
NAME = 45
"""Longest name in code points."""
MADE, GIVEN = "made", "given"
"""Where a registration or credential comes from: what was given to us is never taken away by us."""


class Registration(OwnedModel):
    """An app registration in a customer's tenant. Its id is the uuid in Graph's uniqueName, over all runs."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    provider = models.ForeignKey("organizations.Organization", on_delete=models.PROTECT, related_name="+")
    tenant_id = models.CharField(max_length=36)
    cloud = models.CharField(max_length=20, default=CloudName.PUBLIC.value)
    tenant_name = models.CharField(max_length=256, blank=True)
    domains = models.JSONField(default=list)
    display_name = models.CharField(max_length=NAME)
    name_key = models.CharField(max_length=600)
    plan = models.JSONField()
    app_id = models.CharField(max_length=36, blank=True)
    object_id = models.CharField(max_length=36, blank=True)
    service_principal_id = models.CharField(max_length=36, blank=True)
    origin = models.CharField(max_length=6, default=MADE, help_text="Whether we made it, or the customer did.")
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in RegistrationState])
    proofs = models.JSONField(default=dict, help_text="How each right was proved, by the key of its step.")
    beyond = models.JSONField(default=dict, help_text="What it holds otherwise than planned: too much, or not offered.")
    roles_end_at = models.DateTimeField(null=True, help_text="When the first of its roles ends; none: they don't end.")
    seen = models.CharField(max_length=8, blank=True, help_text="How it stood when the tenant was last looked at.")
    seen_at = models.DateTimeField(null=True, help_text="When that was; none: nobody ever let us look.")
    seen_by = models.CharField(max_length=10, blank=True, help_text="By whose right.")
    sign_in_application_gone = models.CharField(max_length=10, default="no")
    signer_upn = models.CharField(max_length=320, blank=True)
    signer_name = models.CharField(max_length=256, blank=True)
    signer_oid = models.CharField(max_length=36, blank=True)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "tenant_id", "name_key"],
                condition=~models.Q(state=RegistrationState.REMOVED.value),
                name=ONE_NAME_PER_TENANT,
            ),
            models.CheckConstraint(
                condition=models.Q(proved_at__isnull=False) | ~models.Q(state=RegistrationState.PROVED.value),
                name="provisioning_proved_since_when",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant_id"], name="provisioning_by_tenant"),
            models.Index(fields=["app_id"], name="provisioning_by_application"),
            models.Index(fields=["name_key"], name="provisioning_name_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["seen_at"], condition=models.Q(seen_by__in=LOOKS), name="provisioning_looked_at"),
        ]

    def __str__(self) -> str:
        """Name the registration as the tenant's portal does."""
        return self.display_name


class Credential(OwnedModel):
    """What a registration signs in with, for one service. Secrets and private keys lie in the vault.

    A federated one has nothing to seal; services of one registration share it, each with a row of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="credentials")
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, default="secret")
    origin = models.CharField(max_length=6, default=MADE, help_text="Whether we made it, or somebody typed it in.")
    about = models.JSONField(
        default=dict, help_text="What is public of it: a certificate's thumbprint; issuer, subject and audience."
    )
    why = models.CharField(max_length=300, blank=True, help_text="Why its kind or life isn't as planned.")
    display_name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=36, blank=True)
    sealed_id = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in CredentialState])
    announced_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    end_read_at = models.DateTimeField(null=True, help_text="When its end was last read in the tenant, by its key id.")
    rest_until = models.DateTimeField(null=True, help_text="Until when it still works beside the one in its place.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(rest_until__isnull=False) | ~models.Q(state=CredentialState.RESTING.value),
                name="provisioning_rest_has_an_end",
            ),
            models.UniqueConstraint(
                fields=["registration", "display_name"], name="provisioning_credential_names_are_used_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[CredentialState.ANNOUNCED.value, CredentialState.REMOVED.value])
                | (
                    (~models.Q(key_id="") | models.Q(origin=GIVEN))
                    & (models.Q(sealed_id__isnull=False) | models.Q(kind=FEDERATED))
                ),
                name="provisioning_a_made_credential_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        """Name the credential as the tenant's portal does."""
        return self.display_name


class Run(OwnedModel):
    """One execution of the engine. It is resumed, not repeated: after a crash, a sign-in, a wait."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="runs")
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, default=RunKind.SETUP.value)
    wanted = models.JSONField(
        default=dict, help_text="What a run of this kind shall do, as far as the plan leaves it open."
    )
    result = models.JSONField(default=dict, help_text="What it found or left, for its page.")
    state = models.CharField(max_length=15, choices=[(state.value, state.value) for state in RunState])
    attempt = models.PositiveIntegerField(default=0)
    credential_name = models.CharField(max_length=NAME)
    sign_in_client_id = models.CharField(max_length=36)
    token_sealed_id = models.UUIDField(null=True)
    token_field = models.CharField(max_length=100, blank=True)
    token_row_id = models.UUIDField(null=True)
    signer_upn = models.CharField(max_length=320, blank=True)
    on_end = models.CharField(max_length=64, blank=True)
    after = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", help_text="The run that it is made beside."
    )
    waiting_for = models.CharField(max_length=500, blank=True)
    words = models.CharField(max_length=300, blank=True)
    error = models.JSONField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    copying_since = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0, help_text="How often it was looked at again while it rested.")
    look_at = models.DateTimeField(null=True, help_text="When we look again by ourselves; nothing else wakes it.")
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["registration"],
                condition=models.Q(state__in=[RunState.QUEUED.value, RunState.RUNNING.value]),
                name=ONE_LIVING_RUN,
            ),
            models.CheckConstraint(
                condition=models.Q(token_sealed_id__isnull=True)
                | models.Q(state__in=[RunState.QUEUED.value, RunState.RUNNING.value, RunState.COPYING.value]),
                name="provisioning_only_living_runs_hold_a_token",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=RunState.COPYING.value)
                | models.Q(copying_since__isnull=False, look_at__isnull=False),
                name="provisioning_a_copying_run_is_looked_at_again",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["queued_at"],
                condition=models.Q(state__in=[RunState.QUEUED.value, RunState.RUNNING.value]),
                name="provisioning_living_runs",
            ),
            models.Index(
                fields=["token_sealed_id"],
                condition=models.Q(token_sealed_id__isnull=False),
                name="provisioning_runs_with_a_token",
            ),
            models.Index(
                fields=["look_at"], condition=models.Q(look_at__isnull=False), name="provisioning_runs_to_look_at"
            ),
            models.Index(fields=["created_at", "id"], name="provisioning_runs_by_age"),
            models.Index(fields=["state", "created_at", "id"], name="provisioning_runs_by_state"),
            models.Index(fields=["kind", "created_at", "id"], name="provisioning_runs_by_kind"),
        ]

    def __str__(self) -> str:
        """Name the run by its id."""
        return f"run {self.id}"


class StepRecord(OwnedModel):
    """One step of one run: planned, intended before the call, and how it ended."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    label = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in StepState])
    attempt = models.PositiveIntegerField(default=0)
    intent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    request_id = models.CharField(max_length=100, blank=True)
    words = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "key"], name="provisioning_one_record_per_step"),
            models.CheckConstraint(
                condition=models.Q(intent_at__isnull=False) | models.Q(state=StepState.PLANNED.value),
                name="provisioning_intent_before_result",
            ),
        ]
        ordering: ClassVar[tuple[str, ...]] = ("number",)

    def __str__(self) -> str:
        """Say the step as people read it."""
        return self.label


class Leftover(OwnedModel):
    """Something of ours that is still in a tenant, or can't be seen to be gone: for a person to look at.

    What a sign-in left that no run came of has neither registration nor run: its facts name the tenant.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, related_name="leftovers")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="leftovers")
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in LeftoverKind])
    name = models.CharField(max_length=200)
    object_id = models.CharField(
        max_length=200, help_text="How Microsoft knows it: an object id, key id or assignment id."
    )
    facts = models.JSONField(default=dict, help_text="Other ids that a person needs to find it.")
    why = models.CharField(max_length=500)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When we last met it.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often it was to be removed by itself.")
    cleared_at = models.DateTimeField(null=True)
    cleared_by_kind = models.CharField(max_length=16, blank=True)
    cleared_by_id = models.CharField(max_length=64, blank=True)
    cleared_by_name = models.CharField(max_length=200, blank=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["registration", "kind", "object_id"],
                condition=models.Q(cleared_at__isnull=True),
                name=ONE_LEFTOVER,
            ),
            models.CheckConstraint(
                condition=models.Q(cleared_at__isnull=True) | ~models.Q(cleared_by_name=""),
                name="provisioning_cleared_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(registration__isnull=False, run__isnull=False)
                | models.Q(kind=LeftoverKind.SIGN_IN_APPLICATION.value),
                name="provisioning_left_by_a_run",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            *(
                models.Index(fields=fields, condition=models.Q(cleared_at__isnull=is_open), name=f"provisioning_{name}")
                for is_open, word in ((True, "left"), (False, "cleared"))
                for fields, name in ((["since", "id"], word), (["kind", "since", "id"], f"{word}_by_kind"))
            ),
        ]

    @property
    def made(self) -> Registration:
        """The registration of which it is left; every kind but the sign-in application has one."""
        if self.registration is None:
            raise ValueError("a sign-in application that no run left belongs to no registration")
        return self.registration

    def __str__(self) -> str:
        """Name it as the tenant's portal does."""
        return self.name


class Waiting(OwnedModel):
    """What a run waits for after one person did their part: what remains, until when, and when we look again.

    `remaining` has a row for each permission and role. Without `next_check_at` nothing can be seen from here: only a
    sign-in goes on.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="waiting")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in WaitsFor])
    remaining = models.JSONField(default=list)
    consent_link = models.BooleanField(default=False, help_text="Microsoft's consent page would revoke nothing.")
    since = models.DateTimeField()
    deadline_at = models.DateTimeField()
    next_check_at = models.DateTimeField(null=True)
    checks = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    found = models.CharField(max_length=300, blank=True, help_text="What the last look showed, in words.")
    trouble = models.JSONField(null=True, help_text="Why the last look showed nothing.")
    planned_on = models.DateField(null=True)
    reminders = models.PositiveIntegerField(default=0)
    next_reminder_at = models.DateTimeField(null=True)
    reminders_stopped_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(deadline_at__gt=models.F("since")), name="provisioning_a_wait_has_its_end"
            ),
            models.CheckConstraint(
                condition=models.Q(reminders_stopped_at__isnull=True) | models.Q(next_reminder_at__isnull=True),
                name="provisioning_stopped_reminders_stay_stopped",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_check_at"], name="provisioning_waits_to_check"),
            models.Index(fields=["deadline_at"], name="provisioning_waits_to_end"),
            models.Index(fields=["next_reminder_at"], name="provisioning_waits_to_remind"),
        ]

    def __str__(self) -> str:
        """Say what is waited for."""
        return f"waits for {self.kind}"


class TenantLease(models.Model):
    """One run per tenant at a time. `fence` grows with every owner, so that a late one is recognised."""

    tenant_id = models.CharField(primary_key=True, max_length=36)
    owner = models.CharField(max_length=80)
    fence = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the tenant."""
        return self.tenant_id
