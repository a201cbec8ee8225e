"""Invitations that wait are read in their order from indexes of their own, among all that are over."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0013_moves_to_new_registrations"),
        ("organizations", "0012_sorted_lists"),
        ("services", "0008_connections_suspended"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("state__in", ["added", "expired", "revoked"]), _negated=True),
                fields=["-created_at", "id"],
                name="invitations_pending_by_age",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                django.db.models.functions.comparison.Greatest("expires_at", "waits_until"),
                models.F("id"),
                condition=models.Q(("state__in", ["added", "expired", "revoked"]), _negated=True),
                name="invitations_pending_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("state__in", ["added", "expired", "revoked"]), _negated=True),
                fields=["organization"],
                name="invitations_pending_ones",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["state", "-created_at", "id"], name="invitations_by_state"),
        ),
    ]
