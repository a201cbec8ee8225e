"""Ciphertext and where it belongs. Private to this room: other rooms keep only a row's id."""

from typing import ClassVar
from uuid import uuid4

from django.db import models


class Sealed(models.Model):
    """One sealed text. `place` and `organization_id` are part of what was sealed: moved elsewhere, it does not open."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization_id = models.UUIDField(db_index=True)
    place = models.CharField(max_length=200)
    row_id = models.UUIDField(null=True, help_text="The row it belongs to, also part of what was sealed.")
    key_number = models.PositiveIntegerField()
    ciphertext = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ciphertext__isnull=True, destroyed_at__isnull=False)
                | models.Q(ciphertext__isnull=False, destroyed_at__isnull=True),
                name="vault_sealed_is_there_or_destroyed",
            )
        ]

    def __str__(self) -> str:
        """Name the place, never the content."""
        return self.place
