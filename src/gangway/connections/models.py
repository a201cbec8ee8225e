"""Rows of the room *connections*. Private: other rooms come in through actions and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q

from gangway.connections.states import SUSPENDED, AuthenticatedBy, Deed, ItemState, Rotation, SuspendedWhy
from gangway.organizations.roles import Kind
from gangway.organizations.scope import OwnedModel

if TYPE_CHECKING:
    from gangway.connections.verdict import KeptItem

STATUSES = ("ok", "warning", "error", "unknown")
RUNNING = ("queued", "running")
STATES = (*RUNNING, "done", "failed")
LEVELS = tuple(kind.value for kind in Kind)


class Connection(OwnedModel):
    """A service's working credentials for a registration. A service has one; its credential is its own."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    service = models.OneToOneField("services.Service", on_delete=models.PROTECT, related_name="+")
    registration_id = models.UUIDField(db_index=True)
    credential_id = models.UUIDField(unique=True)
    user_name = models.CharField(
        max_length=320, blank=True, help_text="Who authenticated the registration; empty when nobody signed in."
    )
    authenticated_by = models.CharField(max_length=10, default=AuthenticatedBy.SIGN_IN.value)
    m365_domain = models.CharField(max_length=253)
    status = models.CharField(max_length=10, default="unknown")
    status_words = models.TextField(blank=True)
    status_since = models.DateTimeField()
    last_validated_at = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True, help_text="Since when it isn't used.")
    suspended_why = models.CharField(max_length=10, blank=True, help_text="Somebody paused it, or its service goes.")
    suspended_level = models.CharField(
        max_length=10, blank=True, help_text="Of whoever paused it: nobody below that level resumes it."
    )
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="connections_status_known"),
            models.CheckConstraint(
                condition=~Q(status="ok") | Q(last_good_at__isnull=False), name="connections_ok_only_by_proof"
            ),
            models.CheckConstraint(
                condition=Q(authenticated_by__in=[way.value for way in AuthenticatedBy]),
                name="connections_authentication_known",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, suspended_why="")
                | Q(suspended_at__isnull=False, suspended_why__in=[why.value for why in SuspendedWhy]),
                name="connections_suspended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(suspended_why=SuspendedWhy.PAUSED.value, suspended_level__in=LEVELS)
                | (~Q(suspended_why=SuspendedWhy.PAUSED.value) & Q(suspended_level="")),
                name="connections_paused_by_a_level",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["suspended_at"], condition=Q(suspended_at__isnull=False), name="connections_not_in_use"
            ),
        ]

    def __str__(self) -> str:
        """Name the connection by its status."""
        return f"connection {self.id} ({self.status})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, and how it stands also where lists look for it."""
        super().save(*args, **kwargs)
        if not {"status", "suspended_at"}.isdisjoint(kwargs.get("update_fields") or ("status",)):
            Care.objects.filter(pk=self.pk).exclude(standing=self.standing).update(standing=self.standing)

    @property
    def standing(self) -> str:
        """How it stands, in one word: its status, unless it isn't used."""
        return SUSPENDED if self.suspended_at is not None else self.status

    @property
    def subject(self) -> str:
        """What alarms about it are about."""
        return f"service:{self.service_id}"


class Tended(OwnedModel):
    """When something with a credential is next looked at by itself, and how its rotation stands. Workers move it on."""

    tenant_id = models.CharField(max_length=36, db_index=True)
    validate_at = models.DateTimeField()
    tend_at = models.DateTimeField(help_text="When warnings and rotation are looked at.")
    renews_itself = models.BooleanField(default=False, help_text="Whether its token last showed the right to do so.")
    rotation = models.CharField(max_length=15, default=Rotation.NONE.value)
    rotate_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True, help_text="When contacts were told of the coming rotation.")
    rotation_run_id = models.UUIDField(null=True)
    rotation_words = models.CharField(max_length=500, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    lacks: models.JSONField[list[str] | None] = models.JSONField(
        null=True, help_text="What the profile's newest version has and the registration hasn't; null: not known."
    )

    class Meta(OwnedModel.Meta):
        abstract = True


class Companion(Tended):
    """A registration of its own that a service uses beside its connection: how it stands, and its care."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(max_length=40)
    registration_id = models.UUIDField(unique=True)
    status = models.CharField(max_length=10, default="unknown")
    status_words = models.TextField(blank=True)
    status_since = models.DateTimeField(null=True)
    last_validated_at = models.DateTimeField(
        null=True, help_text="When a look last came to its end; ours that fail don't."
    )
    last_good_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["service", "profile"], name="connections_one_companion_of_a_kind"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="connections_companion_status_known"),
            models.CheckConstraint(
                condition=~Q(status="ok") | Q(last_good_at__isnull=False), name="connections_companion_ok_only_by_proof"
            ),
            models.CheckConstraint(
                condition=Q(rotation__in=[state.value for state in Rotation]),
                name="connections_companion_rotation_known",
            ),
            models.CheckConstraint(
                condition=~Q(rotation=Rotation.PLANNED.value) | Q(rotate_at__isnull=False),
                name="connections_companion_planned_for_when",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["validate_at"], name="connections_beside_validate"),
            models.Index(fields=["tend_at"], name="connections_beside_tend"),
            models.Index(
                fields=["rotation_run_id"],
                condition=Q(rotation_run_id__isnull=False),
                name="connections_beside_rotating",
            ),
        ]

    def __str__(self) -> str:
        """Name it by its profile and status."""
        return f"{self.profile} ({self.status})"

    @property
    def subject(self) -> str:
        """What alarms about it are about: the service's connection has others."""
        return f"service:{self.service_id}:{self.profile}"


class Validation(OwnedModel):
    """One look at a connection, or at what is used beside one, by tokens and read-back: who asked, what was seen.

    Kept as history.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, null=True, related_name="validations")
    companion = models.ForeignKey(
        Companion, on_delete=models.CASCADE, null=True, related_name="+", help_text="When it is beside the connection."
    )
    state = models.CharField(max_length=10, default="queued")
    status = models.CharField(max_length=10, default="unknown")
    words = models.TextField(blank=True)
    items: models.JSONField[list[KeptItem]] = models.JSONField(default=list)
    granted: models.JSONField[list[str] | None] = models.JSONField(null=True, help_text="Permissions in a fresh token.")
    roles: models.JSONField[list[str] | None] = models.JSONField(
        null=True, help_text="Template ids of the directory roles that it was seen with."
    )
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, help_text="When a worker took it.")
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="connections_validation_state_known"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="connections_validation_status_known"),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(state__in=RUNNING), name="connections_one_validation_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["companion"], condition=Q(state__in=RUNNING), name="connections_one_look_beside_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(connection__isnull=False) ^ Q(companion__isnull=False), name="connections_looks_at_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=RUNNING) | Q(ended_at__isnull=False), name="connections_over_has_an_end"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["connection", "-asked_at"], name="connections_history"),
            models.Index(fields=["companion", "-asked_at"], name="connections_history_beside"),
        ]

    def __str__(self) -> str:
        """Name the validation by what came of it."""
        return f"validation {self.id} ({self.state}, {self.status})"

    @property
    def looked_at(self) -> Connection | Companion:
        """What it is a look at."""
        return next(one for one in (self.connection, self.companion) if one is not None)


class Care(Tended):
    """How a connection is looked after by itself. Each has one."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, primary_key=True, related_name="care")
    standing = models.CharField(max_length=10, default="unknown", help_text="How the connection stands, for lists.")
    lacking = models.BooleanField(
        default=False, help_text="Whether it, or what its service uses beside it, lacks anything; for lists."
    )

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(rotation__in=[state.value for state in Rotation]), name="connections_rotation_known"
            ),
            models.CheckConstraint(
                condition=~Q(rotation=Rotation.PLANNED.value) | Q(rotate_at__isnull=False),
                name="connections_planned_for_when",
            ),
            models.CheckConstraint(condition=Q(standing__in=(*STATUSES, SUSPENDED)), name="connections_standing_known"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["validate_at", "connection"], name="connections_to_validate_next"),
            models.Index(fields=["rotation", "validate_at", "connection"], name="connections_by_rotation"),
            models.Index(fields=["standing", "validate_at", "connection"], name="connections_by_standing"),
            models.Index(fields=["validate_at", "connection"], condition=Q(lacking=True), name="connections_lacking"),
            models.Index(fields=["tend_at"], name="connections_to_tend"),
            models.Index(
                fields=["rotation_run_id"], condition=Q(rotation_run_id__isnull=False), name="connections_rotating"
            ),
        ]

    def __str__(self) -> str:
        """Say when it is looked at."""
        return f"care of {self.connection_id}"

    @property
    def service_id(self) -> UUID:
        """The service whose connection it is."""
        return self.connection.service_id

    @property
    def registration_id(self) -> UUID:
        """What the connection signs in as."""
        return self.connection.registration_id

    @property
    def subject(self) -> str:
        """What alarms about it are about."""
        return self.connection.subject


class Warned(OwnedModel):
    """A threshold of one credential that people were warned at: each once."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    credential_id = models.UUIDField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["credential_id", "days"], name="connections_warned_once_each")
        ]

    def __str__(self) -> str:
        """Name the threshold."""
        return f"{self.days} days"


class Pause(models.Model):
    """Until when a tenant is left alone, since Microsoft asked to wait. Of nobody: a tenant may serve several."""

    tenant_id = models.CharField(max_length=36, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        """Name the tenant."""
        return self.tenant_id


class Policy(OwnedModel):
    """How an organization wants its connections rotated; without one, that of the level above counts."""

    rotates = models.BooleanField(default=True)
    days_before = models.PositiveSmallIntegerField(default=30)
    notice_days = models.PositiveSmallIntegerField(default=7)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="connections_one_policy_each")
        ]

    def __str__(self) -> str:
        """Say it in short."""
        return f"{self.days_before} days before" if self.rotates else "by hand"


class FreezeRow(OwnedModel):
    """A time in which nothing is changed in the tenants of an organization and of those below it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    why = models.CharField(max_length=200, blank=True)
    by_name = models.CharField(max_length=200)
    level = models.CharField(
        max_length=10,
        blank=True,
        help_text="Of whoever set it: nobody below that level ends it. Unknown for older ones.",
    )
    created_at = models.DateTimeField(null=True, help_text="Unknown for those that are older than this column.")

    class Meta(OwnedModel.Meta):
        db_table = "connections_freeze"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends__gt=models.F("begins")), name="connections_freeze_ends_later"),
            models.CheckConstraint(
                condition=Q(level="") | Q(level__in=LEVELS), name="connections_freeze_set_by_a_level"
            ),
        ]
        ordering: ClassVar[tuple[str, ...]] = ("begins",)

    def __str__(self) -> str:
        """Say when."""
        return f"{self.begins} – {self.ends}"


class Emergency(OwnedModel):
    """Everything of an organization, or of one sealing key in it, is rotated or suspended now."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    deed = models.CharField(max_length=10, choices=[(deed.value, deed.value) for deed in Deed])
    key_number = models.PositiveIntegerField(null=True, help_text="Only what is sealed to this key; empty: all.")
    why = models.CharField(max_length=300)
    by_kind = models.CharField(max_length=16)
    by_id = models.CharField(max_length=64, blank=True)
    by_name = models.CharField(max_length=200)
    level = models.CharField(max_length=10, default=Kind.PROVIDER.value, help_text="Of whoever began it.")
    begun_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True, help_text="When a worker had listed what it concerns.")
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(listed_at__isnull=False), name="connections_ended_after_listing"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["begun_at"], condition=Q(ended_at__isnull=True), name="connections_emergencies")
        ]

    def __str__(self) -> str:
        """Say what is done."""
        return f"{self.deed} everything"


class EmergencyItem(OwnedModel):
    """One credential of an emergency, and how far it is: a connection's, or that of what is used beside one."""

    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="items")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, null=True, related_name="+")
    service = models.ForeignKey(
        "services.Service",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="When it has no connection.",
    )
    companion = models.ForeignKey(
        Companion, on_delete=models.CASCADE, null=True, related_name="+", help_text="When it is beside the connection."
    )
    state = models.CharField(max_length=15, choices=[(state.value, state.value) for state in ItemState])
    credential_id = models.UUIDField(null=True, help_text="When it is a credential that isn't in use.")
    run_id = models.UUIDField(null=True)
    words = models.CharField(max_length=500, blank=True)
    paused_level = models.CharField(
        max_length=10, blank=True, db_default="", help_text="Of whoever had paused it before this emergency did."
    )
    paused_at = models.DateTimeField(null=True, help_text="When that was.")
    changed_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["emergency", "connection"],
                condition=Q(companion__isnull=True, credential_id__isnull=True),
                name="connections_each_once_an_emergency",
            ),
            models.UniqueConstraint(
                fields=["emergency", "companion"],
                condition=Q(companion__isnull=False),
                name="connections_each_beside_once",
            ),
            models.UniqueConstraint(
                fields=["emergency", "credential_id"],
                condition=Q(credential_id__isnull=False),
                name="connections_each_unused_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["emergency", "state"], name="connections_items"),
            models.Index(fields=["run_id"], condition=Q(run_id__isnull=False), name="connections_item_runs"),
        ]

    def __str__(self) -> str:
        """Say how far it is."""
        return self.state


class TokenBan(OwnedModel):
    """A customer whose connections hand out no tokens to people on a worker's host."""

    since = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    level = models.CharField(
        max_length=10,
        default=Kind.PROVIDER.value,
        help_text="Of whoever forbade it: nobody below that level allows it again.",
    )

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="connections_one_token_ban"),
            models.CheckConstraint(condition=Q(level__in=LEVELS), name="connections_forbidden_by_a_level"),
        ]

    def __str__(self) -> str:
        """Say whose it is."""
        return f"no tokens of {self.organization_id}"


class Farewell(OwnedModel):
    """What was taken away and what stays after a service is gone: a text for the customer, signed by a worker."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    service = models.OneToOneField("services.Service", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    key_number = models.PositiveIntegerField()
    signature = models.BinaryField()
    public_key = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name it by its service."""
        return f"farewell of {self.service_id}"
