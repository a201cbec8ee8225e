"""Rows of the room *services*. Private: other rooms come in through actions and queries."""

from typing import ClassVar, Final
from uuid import UUID, uuid4

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from gangway.organizations.scope import OwnedManager, OwnedModel
from gangway.organizations.search import LONGEST_KEY, WORDS_INDEX
from gangway.services.licences import MAX_USERS, MIN_USERS, LicenceType
from gangway.services.names import LONGEST_KEY_OF_NAME, MAX_CODE_POINTS
from gangway.services.states import HOLDS_ITS_NAME, Connection, Deployment, Lifecycle

PROVIDERS_PLACE: Final = 1
"""In a path: the system comes first."""
NAME_CONSTRAINT = "services_short_name_is_free_only_once"


class ServiceManager(OwnedManager["Service"]):
    """Gives the services of the scope. Each knows its provider, so a provider's scope asks for no other table.

    In a smaller scope the provider says nothing that the scope doesn't, but PostgreSQL guesses far better by it.
    """

    def below(self, path: str) -> models.Q:
        """Return the condition for services of organizations at or below `path`."""
        ids = path.strip("/").split("/")
        if len(ids) <= PROVIDERS_PLACE:
            return super().below(path)
        of_provider = models.Q(provider_id=UUID(hex=ids[PROVIDERS_PLACE]))
        return of_provider if len(ids) == PROVIDERS_PLACE + 1 else super().below(path) & of_provider


class Service(OwnedModel):
    """One Direct Routing service of a customer. `short_name_key` decides whether two short names are the same."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    provider = models.ForeignKey("organizations.Organization", on_delete=models.PROTECT, related_name="+")
    full_name = models.CharField(max_length=200)
    full_name_key = models.CharField(max_length=LONGEST_KEY)
    short_name = models.CharField(max_length=MAX_CODE_POINTS)
    short_name_key = models.CharField(max_length=LONGEST_KEY_OF_NAME)
    search_words = models.TextField()
    customer_key = models.CharField(
        max_length=LONGEST_KEY, default="", help_text="Start of the customer's folded name, for order."
    )
    licence_type = models.CharField(max_length=30, choices=[(kind.value, kind.value) for kind in LicenceType])
    licensed_users = models.PositiveSmallIntegerField()
    lifecycle = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Lifecycle])
    connection_status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Connection])
    connection_reason = models.CharField(max_length=500, blank=True)
    deployment_status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Deployment])
    deployment_reason = models.CharField(max_length=500, blank=True)
    credential_ends_at = models.DateTimeField(null=True, help_text="When its connection's credential ends, for order.")
    last_validated_at = models.DateTimeField(null=True)
    leaves_at = models.DateTimeField(null=True, help_text="Until when a deletion can be taken back.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, help_text="When its people were forgotten, long after it was gone.")

    objects: ClassVar[ServiceManager] = ServiceManager()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["provider", "short_name_key"],
                condition=models.Q(lifecycle__in=[state.value for state in HOLDS_ITS_NAME]),
                name=NAME_CONSTRAINT,
            ),
            models.CheckConstraint(
                condition=models.Q(licensed_users__gte=MIN_USERS, licensed_users__lte=MAX_USERS),
                name="services_users_within_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(lifecycle__in=[state.value for state in Lifecycle]), name="services_known_lifecycle"
            ),
            models.CheckConstraint(
                condition=~models.Q(lifecycle=Lifecycle.LEAVING.value) | models.Q(leaves_at__isnull=False),
                name="services_leaves_sometime",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["short_name_key", "id"], name="services_by_short_name"),
            models.Index(fields=["full_name_key", "id"], name="services_by_full_name"),
            models.Index(fields=["-created_at", "id"], name="services_by_age"),
            models.Index(fields=["lifecycle", "-created_at", "id"], name="services_by_life"),
            models.Index(fields=["customer_key", "id"], name="services_by_customer"),
            models.Index(fields=["connection_status", "id"], name="services_by_connection"),
            models.Index(
                fields=["provider", "connection_status", "-created_at", "id"],
                condition=models.Q(lifecycle__in=[state.value for state in HOLDS_ITS_NAME]),
                name="services_in_a_state_by_age",
            ),
            models.Index(fields=["deployment_status", "id"], name="services_by_deployment"),
            models.Index(F("credential_ends_at").asc(nulls_last=True), "id", name="services_by_credential_end"),
            models.Index(F("last_validated_at").asc(nulls_first=True), "id", name="services_by_last_validation"),
            models.Index(
                fields=["provider"],
                include=["licensed_users"],
                condition=models.Q(lifecycle__in=[state.value for state in HOLDS_ITS_NAME]),
                name="services_users_of_a_provider",
            ),
            models.Index(fields=["provider", "lifecycle", "credential_ends_at"], name="services_by_end_at_a_provider"),
            models.Index(
                fields=["changed_at"],
                condition=models.Q(
                    lifecycle__in=[Lifecycle.DELETED.value, Lifecycle.ABANDONED.value], forgotten_at__isnull=True
                ),
                name="services_to_forget",
            ),
            models.Index(fields=["short_name_key"], name="services_short_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["full_name_key"], name="services_full_prefix", opclasses=["varchar_pattern_ops"]),
            GinIndex(WORDS_INDEX, name="services_words"),
        ]

    def __str__(self) -> str:
        """Name the service as contracts do."""
        return self.short_name
