"""Rows of the room *accounts*. Private: other rooms come in through actions and queries."""

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models

from gangway.accounts.states import ClaimKind, InvitationState, SecondFactor
from gangway.organizations.roles import Role
from gangway.organizations.scope import OwnedModel

_ROLES = [(role.value, role.value) for role in Role]


class OperatorInvitation(OwnedModel):
    """The offer to one person to become an operator of one organization. Of its link only a hash stays."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(help_text="In lower case: the account will have it.")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=15, choices=_ROLES)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in InvitationState])
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    sent_count = models.PositiveIntegerField(default=1)
    invited_by_name = models.CharField(max_length=200)
    invited_by_id = models.UUIDField(null=True, help_text="Whose offer it is, hence ends with what they may give.")
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(state=InvitationState.PENDING.value),
                name="accounts_one_pending_invitation",
            ),
        ]

    def __str__(self) -> str:
        """Name the invitation without telling to whom it goes."""
        return f"operator invitation {self.id}"


class SignInRules(OwnedModel):
    """How people sign in to one organization and to those below it; without a row, the organization above decides."""

    second_factor = models.CharField(
        max_length=10,
        choices=[(each.value, each.value) for each in SecondFactor],
        default=SecondFactor.INHERIT.value,
    )

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="accounts_rules_once"),
        ]

    def __str__(self) -> str:
        """Say what the rule is."""
        return f"second factor {self.second_factor}"


class EntraTenant(OwnedModel):
    """An Entra tenant that an organization calls its own. It gives roles and is trusted once it is proved.

    A proof is this organization's alone: who lists the same tenant elsewhere proves it anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant_id = models.UUIDField()
    cloud = models.CharField(max_length=20)
    does_second_factor = models.BooleanField(
        default=False, help_text="The tenant itself demands a second factor, so we don't ask for ours."
    )
    proved_at = models.DateTimeField(null=True, help_text="When one of its administrators signed in for it here.")
    proved_by = models.CharField(max_length=200, blank=True, help_text="The operator who asked for the proof.")
    proved_account = models.CharField(max_length=320, blank=True, help_text="That administrator's; only shown.")
    created_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "tenant_id"], name="accounts_tenant_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tenant_id"], name="accounts_by_tenant")]

    def __str__(self) -> str:
        """Name the tenant."""
        return str(self.tenant_id)


class RoleMapping(OwnedModel):
    """What an app role or a group of an Entra tenant gives in the organization."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(EntraTenant, on_delete=models.CASCADE, related_name="mappings")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in ClaimKind])
    value = models.CharField(max_length=120, help_text="The app role's value, or the group's object id.")
    role = models.CharField(max_length=15, choices=_ROLES)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "kind", "value"], name="accounts_mapping_once"),
        ]

    def __str__(self) -> str:
        """Say what gives what."""
        return f"{self.kind} {self.value} · {self.role}"


class Identity(models.Model):
    """A Microsoft account tied to one of our people. Its key is issuer, tenant and object id; never an address."""

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=200)
    tenant_id = models.UUIDField()
    object_id = models.UUIDField()
    username = models.CharField(max_length=320, blank=True, help_text="Only shown; it may change.")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["issuer", "tenant_id", "object_id"], name="accounts_identity_belongs_to_one_person"
            ),
        ]

    def __str__(self) -> str:
        """Name the account by what can't change."""
        return f"{self.tenant_id} {self.object_id}"


class WantedAddress(models.Model):
    """Another e-mail address that somebody shall have once they confirm it. Signing in knows nothing of it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    operator = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    asked_by_name = models.CharField(max_length=320, blank=True, help_text="Empty: the person themselves.")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the wish without telling the address."""
        return f"wanted address {self.id}"
