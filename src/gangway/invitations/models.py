"""Rows of the room *invitations*. Private: other rooms come in through actions and queries."""

from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models.functions import Greatest

from gangway.invitations.aims import Purpose
from gangway.invitations.states import ENDED, State
from gangway.languages.choice import ENGLISH
from gangway.organizations.scope import OwnedModel

LONGEST_ADDRESS = 320
ONE_PENDING = "invitations_one_pending_for_a_service"
NOT_OVER = ~models.Q(state__in=sorted(state.value for state in ENDED))
"""Written as the indexes are, so that PostgreSQL knows them by it; otherwise it sorts all that wait."""


def key_of_address(address: str) -> str:
    """Return how an address is kept to be compared, or the beginning of one to be looked for."""
    return address.replace("\x00", "").strip().casefold()[:LONGEST_ADDRESS]


class Invitation(OwnedModel):
    """The offer to an administrator to connect one service. The plan is pinned: what was agreed is what is made."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.CONNECT)
    recipient = models.EmailField()
    recipient_key = models.CharField(
        max_length=LONGEST_ADDRESS, default="", help_text="The recipient as a search compares it."
    )
    language = models.CharField(max_length=5, default=ENGLISH, help_text="Of its pages, its mails and all after it.")
    administrator_upn = models.CharField(max_length=320, blank=True)
    state = models.CharField(max_length=30, choices=[(state.value, state.value) for state in State])
    plan = models.JSONField()
    plan_fingerprint = models.CharField(max_length=128)
    earlier_plans = models.JSONField(default=list, help_text="What was asked for before, with its fingerprints.")
    wanted = models.JSONField(default=dict, help_text="Of an upgrade: the licence type to change to.")
    changes = models.JSONField(default=list, help_text="What will be otherwise than now, a line each.")
    agreed_fingerprint = models.CharField(max_length=128, blank=True, help_text="The plan that somebody went on with.")
    matching_phrase = models.CharField(max_length=40)
    registration_id = models.UUIDField(
        default=uuid4, help_text="The same over all runs: Graph's uniqueName is made of it."
    )
    created_by_id = models.CharField(max_length=64, blank=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    waits_until = models.DateTimeField(
        null=True, help_text="Set once another administrator must finish: the run's own time, apart from the link's."
    )
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recipient_phone = models.CharField(max_length=40, blank=True, help_text="Where to call whom it goes to.")
    approval_until = models.DateField(null=True, help_text="The day that somebody named for an approval.")
    finish_by_itself = models.BooleanField(default=False, help_text="Create the service once the checks pass.")
    sessions_from = models.DateTimeField(null=True, help_text="Wizard sessions that began before are over.")
    late_reports = models.PositiveIntegerField(
        default=0, help_text="How often holders of dead links didn't expect it after an operator had looked."
    )
    reminders_sent = models.PositiveSmallIntegerField(default=0, help_text="Before the end that it has now.")
    reminders_stopped_at = models.DateTimeField(null=True)
    asked_again_at = models.DateTimeField(null=True, help_text="When the holder of a dead link asked for a new one.")
    life_days = models.PositiveSmallIntegerField(null=True, help_text="Days that were chosen when it was made.")
    held_for = models.CharField(
        max_length=253, default="", help_text="The domain whose tenant a worker finds before the link goes out."
    )
    tenant_domain = models.CharField(
        max_length=253, default="", help_text="The domain by which its tenant was found when the link went out."
    )
    tenant_id = models.CharField(max_length=36, default="", help_text="The tenant that this domain belonged to then.")
    doubted_at = models.DateTimeField(
        null=True,
        help_text="When its domain was found unknown, or somebody signed in to another tenant than that domain's.",
    )

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="invitations_known_state"
            ),
            models.UniqueConstraint(
                fields=["service", "purpose"],
                condition=NOT_OVER,
                name=ONE_PENDING,
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at", "id"], name="invitations_by_age"),
            models.Index(fields=["-created_at", "id"], condition=NOT_OVER, name="invitations_pending_by_age"),
            models.Index(
                Greatest("expires_at", "waits_until"), "id", condition=NOT_OVER, name="invitations_pending_by_end"
            ),
            models.Index(fields=["organization"], condition=NOT_OVER, name="invitations_pending_ones"),
            models.Index(fields=["state", "-created_at", "id"], name="invitations_by_state"),
            models.Index(
                fields=["recipient_key"], name="invitations_recipient_prefix", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["asked_again_at"],
                condition=models.Q(asked_again_at__isnull=False),
                name="invitations_asked_again",
            ),
            models.Index(
                fields=["doubted_at"],
                condition=models.Q(doubted_at__isnull=False),
                name="invitations_doubted",
            ),
            models.Index(fields=["held_for"], condition=~models.Q(held_for=""), name="invitations_held"),
            models.Index(
                fields=["expires_at"],
                condition=NOT_OVER,
                name="invitations_to_expire",
            ),
            models.Index(
                fields=["-ended_at", "id"],
                condition=models.Q(state=State.EXPIRED.value),
                name="invitations_expired_lately",
            ),
        ]

    def send_to(self, address: str) -> None:
        """Give it a recipient, with what a search needs of it."""
        self.recipient, self.recipient_key = address, key_of_address(address)

    def __str__(self) -> str:
        """Name the invitation without its recipient."""
        return f"invitation {self.id}"

    @property
    def lasts_until(self) -> datetime:
        """When it ends unless something comes of it: its links' life, or the longer wait for another administrator."""
        return max(self.expires_at, self.waits_until or self.expires_at)


class Handoff(OwnedModel):
    """What remains, handed to another administrator, who has links of their own and sees only their part."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="handoffs")
    recipient = models.EmailField()
    recipient_key = models.CharField(max_length=LONGEST_ADDRESS)
    by_kind = models.CharField(max_length=15)
    by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_count = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["invitation", "recipient_key"],
                condition=models.Q(revoked_at__isnull=True),
                name="invitations_one_handoff_to_a_colleague",
            ),
        ]

    def __str__(self) -> str:
        """Name the hand-off without its recipient."""
        return f"handoff {self.id}"


class Link(OwnedModel):
    """One way in. Only a hash of its token is kept; whoever reads this table can open nothing with it."""

    class Kind(models.TextChoices):
        """How the link left us."""

        MAILED = "mailed"
        COPIED = "copied"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="links")
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, null=True, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_by_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    went_elsewhere = models.BooleanField(default=False, help_text="It ended as the invitation got another recipient.")
    asked_again_at = models.DateTimeField(null=True, help_text="When its holder asked for a new one, by this link.")

    class Meta(OwnedModel.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["made_by_id", "created_at"], name="invitations_links_of_one"),
        ]

    def __str__(self) -> str:
        """Name the link, not its token."""
        return f"{self.kind} link {self.id}"


class Move(OwnedModel):
    """One line of an invitation's history: where it went, when, and by whom."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="moves")
    state = models.CharField(max_length=30)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=15)
    actor_name = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)

    class Meta(OwnedModel.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["invitation", "id"], name="invitations_history"),
        ]

    def __str__(self) -> str:
        """Say where it went."""
        return f"{self.invitation_id} → {self.state}"


class Terms(OwnedModel):
    """How a provider's invitations are: how long they last, what may be done with their links, its words in mails."""

    life_days = models.PositiveSmallIntegerField(null=True, help_text="Empty: as this server's settings say.")
    may_copy = models.BooleanField(default=True)
    subject = models.CharField(max_length=150, blank=True)
    opening = models.CharField(max_length=1000, blank=True)
    closing = models.CharField(max_length=1000, blank=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="invitations_one_set_of_terms_each")
        ]

    def __str__(self) -> str:
        """Name it by what it is."""
        return f"terms {self.pk}"
