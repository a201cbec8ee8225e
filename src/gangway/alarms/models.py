"""Rows of the room *alarms*. Private: other rooms come in through actions and queries."""

from typing import ClassVar
from uuid import UUID, uuid4

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from gangway.alarms.states import Audience, Happened, Kind, NoticeState, Severity
from gangway.organizations.scope import OwnedModel
from gangway.organizations.search import WORDS_INDEX

ONE_OPEN = "alarms_one_open_of_a_kind"
URGENCY = models.Case(
    *(models.When(severity=severity.value, then=models.Value(severity.rank)) for severity in Severity),
    output_field=models.IntegerField(),
)
"""The worst is the greatest."""
STANDS = models.Q(cleared_at__isnull=True)
OF_INVITATIONS = ("invitation", "invitation_over")
"""How subjects begin that are invitations."""


class Alarm(OwnedModel):
    """Something that needs a person, about one subject. It stays open until it is seen to be over, or cleared."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    subject = models.CharField(max_length=100, help_text='What it is about, as "service:<id>".')
    service = models.ForeignKey("services.Service", on_delete=models.PROTECT, null=True, related_name="+")
    about = models.CharField(max_length=200, help_text="The subject's name, as people know it.")
    severity = models.CharField(max_length=10, choices=[(severity.value, severity.value) for severity in Severity])
    words = models.CharField(max_length=500)
    cure = models.CharField(max_length=500, blank=True)
    for_contacts = models.CharField(
        max_length=500, blank=True, help_text="What the customer's own people can do; empty: they are not told."
    )
    search_words = models.TextField()
    times = models.PositiveIntegerField(default=1, help_text="How often it was said anew.")
    raised_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.CharField(max_length=200, blank=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "kind", "subject"],
                condition=STANDS,
                name=ONE_OPEN,
            ),
            models.CheckConstraint(
                condition=models.Q(cleared_at__isnull=True) | ~models.Q(cleared_by=""),
                name="alarms_cleared_by_somebody",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-changed_at", "-id"], name="alarms_newest"),
            models.Index(fields=["kind", "-changed_at", "-id"], name="alarms_of_a_kind"),
            models.Index(fields=["organization"], condition=STANDS, name="alarms_open_ones"),
            models.Index(fields=["raised_at", "id"], condition=STANDS, name="alarms_open_by_age"),
            models.Index(fields=["-changed_at", "-id"], condition=STANDS, name="alarms_open_newest"),
            models.Index(
                URGENCY.desc(),
                models.F("changed_at").desc(),
                models.F("id").desc(),
                condition=STANDS,
                name="alarms_open_by_urgency",
            ),
            models.Index(fields=["severity", "-changed_at", "-id"], condition=STANDS, name="alarms_open_as_bad"),
            models.Index(fields=["kind", "-changed_at", "-id"], condition=STANDS, name="alarms_open_of_a_kind"),
            GinIndex(WORDS_INDEX, name="alarms_words"),
        ]

    def __str__(self) -> str:
        """Name the alarm by what it is about."""
        return f"{self.kind} {self.about}"

    @property
    def invitation_id(self) -> UUID | None:
        """The invitation that it is about, if it is about one."""
        kind, _, named = self.subject.partition(":")
        return UUID(named) if kind in OF_INVITATIONS else None


class Move(OwnedModel):
    """One line of an alarm's history. Never changed."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="moves")
    at = models.DateTimeField()
    what = models.CharField(max_length=15, choices=[(what.value, what.value) for what in Happened])
    severity = models.CharField(max_length=10)
    words = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=200)

    class Meta(OwnedModel.Meta):
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["alarm", "at"], name="alarms_history")]

    def __str__(self) -> str:
        """Name what happened."""
        return self.what


class Notice(OwnedModel):
    """One address that is told of an alarm once. It waits while its organization wants quiet, or one mail a day.

    `sender_id` is the organization in whose name the mail goes out; several notices to one address go in one mail,
    which they know by `bundle`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="notices")
    turn = models.PositiveIntegerField(help_text="Which saying of the alarm it tells of.")
    audience = models.CharField(max_length=10, choices=[(audience.value, audience.value) for audience in Audience])
    sender_id = models.UUIDField()
    to = models.CharField(max_length=500, help_text="Empty once it is forgotten.")
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in NoticeState])
    send_at = models.DateTimeField()
    bundle = models.UUIDField(null=True, db_index=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["alarm", "turn", "audience", "to"],
                condition=~models.Q(to=""),
                name="alarms_each_address_once",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["send_at"], condition=models.Q(state=NoticeState.WAITING.value), name="alarms_notices_due"
            )
        ]

    def __str__(self) -> str:
        """Name the notice without telling to whom it goes."""
        return f"notice {self.id} ({self.state})"


class Preference(OwnedModel):
    """When an organization's people want to be told. Without a row, that of the level above counts."""

    digest_hour = models.PositiveSmallIntegerField(null=True, help_text="One mail a day at this hour; none: at once.")
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)
    zone = models.CharField(max_length=64, default="UTC")
    urgent_at_once = models.BooleanField(default=True, help_text="Whether critical alarms wait for nothing.")

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization"], name="alarms_one_preference_each"),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="alarms_quiet_has_both_ends",
            ),
        ]

    def __str__(self) -> str:
        """Name it by its hours."""
        return f"digest {self.digest_hour}, quiet {self.quiet_from}–{self.quiet_until}"
