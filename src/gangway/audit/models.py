"""The table of what happened. Web and worker may add to it and read it, nothing else."""

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One thing that happened: what, to whom it belongs, by whom, from where. Never changed, never removed."""

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
    actor_address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "-id"], name="audit_by_organization"),
            models.Index(fields=["subject", "-id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        """Name the event and what it happened to."""
        return f"{self.event} {self.subject}"
