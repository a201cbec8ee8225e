"""Keys of the issuer. Private to this room."""

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q


class IssuerKey(models.Model):
    """One key pair: the public half in clear, the private one in the vault. Its id is the `kid` of tokens."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    modulus = models.TextField(help_text="`n` of the public key, base64url.")
    exponent = models.CharField(max_length=16, help_text="`e` of the public key, base64url.")
    sealed_id = models.UUIDField()
    made_at = models.DateTimeField()
    signs_from = models.DateTimeField(help_text="It is published before that, so that Microsoft knows it in time.")
    withdrawn_at = models.DateTimeField(null=True, help_text="When it was taken back at once; else its time just ends.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(signs_from__gte=F("made_at")), name="federation_key_signs_after_it_is_made"
            ),
            models.UniqueConstraint(
                fields=["signs_from"],
                condition=Q(withdrawn_at__isnull=True),
                name="federation_one_key_begins_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        """Name the key as tokens do."""
        return str(self.id)
