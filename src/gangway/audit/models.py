"""The tables of what happened. Web and worker may add entries and read them; the database makes the chain itself."""

from typing import ClassVar, Final

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func

from gangway.audit.events import Event
from gangway.foundation.words import AS_VECTOR

WHO_INDEX: Final = Func(F("who_words"), template=AS_VECTOR)
"""The indexed expression over an entry's `who_words`."""


class Entry(models.Model):
    """One thing that happened: what, to whom it belongs, by whom, from where. Never changed, never removed.

    Names and addresses of people (`actor_name`, `actor_address`, `personal`) are not what the chain is made over: it
    holds their salted digest, so that they can be erased and every other word still be proved. `who_words` only repeats
    the name for a search, and goes with it.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    event = models.CharField(max_length=80)
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    subject = models.CharField(max_length=200, help_text='What it happened to, as "service:<id>".')
    actor_kind = models.CharField(max_length=15)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200)
    who_words = models.TextField(default="", help_text="Words of the actor's name, as a search compares them.")
    actor_address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    personal = models.JSONField(default=dict)
    salt = models.BinaryField(default=b"", help_text="Empty when what is personal was erased.")
    commitment = models.BinaryField(default=b"", help_text="Salted SHA-256 of what is personal.")
    digest = models.BinaryField(default=b"", help_text="SHA-256 of everything else and the commitment.")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "-id"], name="audit_by_organization"),
            models.Index(fields=["subject", "-id"], name="audit_by_subject"),
            models.Index(fields=["event", "-id"], name="audit_by_event"),
            GinIndex(WHO_INDEX, name="audit_who_words"),
            models.Index(
                fields=["organization", "id"],
                condition=models.Q(event=Event.ORGANIZATION_MOVED.value),
                name="audit_moves",
            ),
        ]

    def __str__(self) -> str:
        """Name the event and what it happened to."""
        return f"{self.event} {self.subject}"


class Head(models.Model):
    """The last link of one organization's chain; only the trigger writes it."""

    organization = models.OneToOneField(
        "organizations.Organization",
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    sequence = models.BigIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        """Say how far the chain goes."""
        return f"{self.organization_id}: {self.sequence}"


class Seal(models.Model):
    """One link: the entry at this place of its organization's chain, and the hash up to it; made by the trigger."""

    entry_id = models.BigIntegerField(primary_key=True)
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    sequence = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "sequence"], name="audit_one_entry_at_each_place"),
        ]

    def __str__(self) -> str:
        """Say which place."""
        return f"{self.organization_id}: {self.sequence}"


class Checkpoint(models.Model):
    """A place of a chain, signed by a worker: what lies before it may be cut off, what is after must join it."""

    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    sequence = models.BigIntegerField()
    hash = models.BinaryField()
    at = models.DateTimeField()
    key_number = models.PositiveIntegerField()
    signature = models.BinaryField()
    is_cut = models.BooleanField(default=False, help_text="Whether what lies before it was removed for its age.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "sequence"], name="audit_one_checkpoint_at_each_place"),
        ]

    def __str__(self) -> str:
        """Say which place."""
        return f"{self.organization_id}: {self.sequence}"
