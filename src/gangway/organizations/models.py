"""Rows of the room *organizations*. Private: other rooms come in through actions and queries."""

from typing import ClassVar, Self
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import OwnedModel, TreeManager
from gangway.organizations.search import LONGEST_KEY, WORDS_INDEX


class OperatorManager(BaseUserManager["Operator"]):
    """Finds operators by their e-mail address, whatever its letter case."""

    def get_by_natural_key(self, username: str | None) -> "Operator":
        """Return the operator who signs in with this address; raises `Operator.DoesNotExist`."""
        return self.get(email=(username or "").lower())


class Operator(AbstractBaseUser):
    """A person who signs in to the Operation Center; what they may do there stands in their memberships."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(unique=True, help_text="Always kept in lower case: it is what a person signs in with.")
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[OperatorManager] = OperatorManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("email",)

    def __str__(self) -> str:
        """Name the person as pages do."""
        return self.name or self.email


class Organization(models.Model):
    """The system, a provider, a channel (reseller) or a customer; `path` holds its ancestors' ids and its own.

    The system is the root of the tree: one row, made with the first provider.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    path = models.CharField(max_length=170, unique=True)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=LONGEST_KEY, help_text="Start of the folded name, for search and order.")
    search_words = models.TextField(help_text="Words of names and domain, as search compares them.")
    short_name = models.CharField(max_length=45, blank=True)
    domain = models.CharField(max_length=253, blank=True, help_text="The customer's Microsoft 365 domain, when known.")
    tenant_id = models.CharField(
        max_length=36, blank=True, help_text="The customer's Microsoft 365 tenant, when known."
    )
    cloud = models.CharField(max_length=20, default="public")
    reply_to = models.EmailField(blank=True, help_text="Where answers to a provider's mails go.")
    support_phone = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[TreeManager[Self]] = TreeManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(kind=Kind.SYSTEM.value, parent__isnull=True)
                | (~models.Q(kind=Kind.SYSTEM.value) & models.Q(parent__isnull=False)),
                name="organizations_all_but_the_system_have_a_parent",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind=Kind.SYSTEM.value), name="organizations_one_system"
            ),
            models.UniqueConstraint(
                fields=["short_name"],
                condition=models.Q(kind=Kind.PROVIDER.value),
                name="organizations_providers_have_their_own_short_name",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "name_key", "id"], name="organizations_by_name"),
            models.Index(fields=["name_key"], name="organizations_name_prefix", opclasses=["varchar_pattern_ops"]),
            GinIndex(WORDS_INDEX, name="organizations_words"),
        ]

    def __str__(self) -> str:
        """Name the organization as pages do."""
        return self.name


class Membership(OwnedModel):
    """One operator's role in one organization: at most one role per person and organization."""

    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=15, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operator", "organization"], name="organizations_one_role_per_organization"
            ),
        ]

    def __str__(self) -> str:
        """Say who is what, where."""
        return f"{self.operator} · {self.role} · {self.organization}"
