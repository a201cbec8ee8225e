"""Rows of the room *imports*. Private: other rooms come in through actions and queries."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from gangway.imports.states import ImportState, Kind, RowState, Wait
from gangway.organizations.scope import OwnedModel


class Import(OwnedModel):
    """One file that somebody brought, and how far it is. Everything it makes stands at or below its organization."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in ImportState])
    file_name = models.CharField(max_length=100)
    rows_total = models.PositiveIntegerField()
    finish_by_itself = models.BooleanField(default=False, help_text="Create each service once its checks pass.")
    knowingly = models.BooleanField(
        default=False, db_default=False, help_text="Addresses outside the customers' domains are meant."
    )
    days = models.PositiveSmallIntegerField(null=True, help_text="How long its links are good for; empty: the terms'.")
    by_id = models.CharField(max_length=64)
    by_name = models.CharField(max_length=200)
    why = models.CharField(max_length=500, blank=True, help_text="Why it ended before its last row.")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="What isn't done by then is left out, and its secrets are destroyed.")
    goes_on_at = models.DateTimeField(null=True, help_text="While it waits: only so many go out in a time.")
    waits_for = models.CharField(
        max_length=5, blank=True, db_default="", choices=[(wait.value, wait.value) for wait in Wait]
    )

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=["checked", "running"], ended_at__isnull=True)
                | models.Q(state__in=["done", "stopped", "discarded", "expired"], ended_at__isnull=False),
                name="imports_ended_says_when",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at", "-id"], name="imports_newest"),
            models.Index(
                fields=["expires_at"], condition=models.Q(state__in=["checked", "running"]), name="imports_alive"
            ),
        ]

    def __str__(self) -> str:
        """Name the import by its file."""
        return self.file_name


class Row(OwnedModel):
    """One row of a file. `values` has its cells by column, but never the secret: that is sealed by itself."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    whole = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="The line of the file on which it begins.")
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in RowState])
    values = models.JSONField(default=dict)
    faults = models.JSONField(default=dict, help_text="What can't be right, by column.")
    makes_customer = models.BooleanField(default=False)
    sealed_id = models.UUIDField(null=True)
    invitation_id = models.UUIDField(null=True)
    problem = models.JSONField(default=dict, help_text="Why it failed: what, cure, acts.")
    tries = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True, help_text="When its turn came; counted for the provider's pace.")
    changed_at = models.DateTimeField()

    class Meta(OwnedModel.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["whole", "number"], name="imports_each_line_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["whole", "state", "number"], name="imports_rows_by_state"),
            models.Index(fields=["whole"], condition=models.Q(sealed_id__isnull=False), name="imports_rows_sealed"),
            models.Index(fields=["begun_at"], name="imports_rows_begun"),
        ]

    def __str__(self) -> str:
        """Name the row by its line."""
        return f"line {self.number}"
