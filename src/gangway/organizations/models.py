"""Rows of the room *organizations*. Private: other rooms come in through actions and queries."""

from typing import ClassVar, Self
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower

from gangway.organizations.details import GRACE_PERCENT, WARNING_PERCENT
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import OwnedModel, TreeManager
from gangway.organizations.search import LONGEST_KEY, WORDS_INDEX, fold, words
from gangway.organizations.states import HostSeen


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
    name_key = models.CharField(max_length=LONGEST_KEY, default="", help_text="Start of the folded name, for order.")
    search_words = models.TextField(default="", help_text="Words of name and address, as search compares them.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[OperatorManager] = OperatorManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("email",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["name_key", "id"], name="operators_by_name"),
            models.Index(fields=["last_login", "id"], name="operators_by_last_sign_in"),
            models.Index(fields=["name_key"], name="operators_name_prefix", opclasses=["varchar_pattern_ops"]),
            GinIndex(WORDS_INDEX, name="operators_words"),
        ]

    def call(self, name: str) -> None:
        """Give the person a name, with what search and order need of it."""
        self.name = " ".join(name.split())
        self.name_key = fold(self.name)[:LONGEST_KEY]
        self.search_words = words(self.name, self.email)

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
    colour = models.CharField(max_length=7, blank=True, help_text="Of buttons in mails and wizard, as #rrggbb.")
    language = models.CharField(max_length=5, blank=True, help_text="Of its people; empty: as of the level above.")
    description = models.CharField(max_length=500, blank=True)
    information = models.CharField(max_length=500, blank=True)
    entra_group_id = models.CharField(
        max_length=36, blank=True, help_text="Only members of this Entra group come in with Microsoft, when set."
    )
    most_customers = models.PositiveIntegerField(null=True, help_text="A channel's quota; empty means unlimited.")
    most_users = models.PositiveIntegerField(null=True, help_text="A provider's pool; empty means unlimited.")
    warning_percent = models.PositiveSmallIntegerField(default=WARNING_PERCENT)
    grace_percent = models.PositiveSmallIntegerField(default=GRACE_PERCENT)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True, help_text="When it was last put below another channel.")

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
            models.UniqueConstraint(
                "parent",
                Lower("short_name"),
                condition=models.Q(kind=Kind.CHANNEL.value, removed_at__isnull=True) & ~models.Q(short_name=""),
                name="organizations_channels_have_their_own_short_name",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "name_key", "id"], name="organizations_by_name"),
            models.Index(fields=["kind", "created_at", "id"], name="organizations_by_age"),
            models.Index(
                fields=["cloud", "name_key", "id"],
                condition=models.Q(kind=Kind.CUSTOMER.value),
                name="organizations_by_cloud",
            ),
            models.Index(fields=["parent", "kind"], name="organizations_by_parent"),
            models.Index(fields=["name_key", "id"], name="organizations_all_by_name"),
            models.Index(fields=["name_key"], name="organizations_name_prefix", opclasses=["varchar_pattern_ops"]),
            GinIndex(WORDS_INDEX, name="organizations_words"),
            models.Index(fields=["tenant_id"], condition=~models.Q(tenant_id=""), name="organizations_by_tenant"),
        ]

    def __str__(self) -> str:
        """Name the organization as pages do."""
        return self.name


class ContactRow(OwnedModel):
    """Somebody at an organization who is told when a service of theirs needs a person."""

    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)

    class Meta(OwnedModel.Meta):
        db_table = "organizations_contact"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "email"], name="organizations_contacts_once_each")
        ]
        ordering: ClassVar[tuple[str, ...]] = ("place",)

    def __str__(self) -> str:
        """Name the contact as a mail does."""
        return self.name or self.email


class TenantRow(OwnedModel):
    """One more Microsoft 365 tenant of a customer, beside the one that stands on the organization itself."""

    place = models.PositiveSmallIntegerField()
    tenant_id = models.CharField(max_length=36, blank=True)
    domain = models.CharField(max_length=253, blank=True)

    class Meta(OwnedModel.Meta):
        db_table = "organizations_tenant"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(tenant_id="", domain=""), name="organizations_tenants_say_something"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant_id"], condition=~models.Q(tenant_id=""), name="organizations_more_by_tenant"),
        ]
        ordering: ClassVar[tuple[str, ...]] = ("place",)

    def __str__(self) -> str:
        """Name the tenant."""
        return self.domain or self.tenant_id


class LogoRow(OwnedModel):
    """The picture that stands at the head of an organization's pages and of those below that have none of their own."""

    media_type = models.CharField(max_length=10)
    data = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the data: what browsers keep it under.")
    set_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        db_table = "organizations_logo"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="organizations_one_logo_each")
        ]

    def __str__(self) -> str:
        """Name it without showing it."""
        return f"logo {self.digest[:12]}"


class HostName(OwnedModel):
    """The host name under which an organization, and all below that have none of their own, meet our pages.

    It counts once its owner proved that it is theirs: by a record in its DNS that holds the token. A former one is
    still answered, for the links that went out under it; nothing begins with it any more.
    """

    name = models.CharField(max_length=253)
    set_at = models.DateTimeField()
    token = models.CharField(max_length=43, blank=True, help_text="What the DNS record must say.")
    proved_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True, help_text="When a worker looked last.")
    seen = models.CharField(
        max_length=10, choices=[(each.value, each.value) for each in HostSeen], default=HostSeen.NOT_YET.value
    )
    left_at = models.DateTimeField(null=True, help_text="When another took its place; empty: it is the present one.")
    answered_until = models.DateTimeField(null=True, help_text="So long a former one is answered.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(left_at__isnull=True),
                name="organizations_one_host_name_each",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True, answered_until__isnull=True)
                | models.Q(left_at__isnull=False, answered_until__isnull=False, proved_at__isnull=False),
                name="organizations_former_host_names_were_proved",
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(proved_at__isnull=False, left_at__isnull=True),
                name="organizations_host_names_once_proved",
            ),
        ]

    def __str__(self) -> str:
        """Give the name as browsers do."""
        return self.name


class Membership(OwnedModel):
    """One operator's role in one organization: at most one role per person and organization.

    Somebody who is suspended keeps the role, and may do nothing with it.
    """

    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=15, choices=[(role.value, role.value) for role in Role])
    is_active = models.BooleanField(default=True)
    suspended_level = models.CharField(
        max_length=10,
        blank=True,
        help_text="Of whoever suspended it: nobody below that level resumes it. Unknown for older suspensions.",
    )
    from_entra = models.BooleanField(
        default=False, help_text="Given by a role or group of the person's Entra tenant, and follows it."
    )
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operator", "organization"], name="organizations_one_role_per_organization"
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_level="")
                | models.Q(suspended_level__in=[kind.value for kind in Kind], is_active=False),
                name="organizations_suspended_by_a_level",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["role", "id"], name="organizations_by_role")]

    def __str__(self) -> str:
        """Say who is what, where."""
        return f"{self.operator} · {self.role} · {self.organization}"
