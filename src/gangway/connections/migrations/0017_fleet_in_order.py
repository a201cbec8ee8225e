"""Connections are read in the order of their next look, by rotation and by status, from indexes of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0016_failed_looks"),
        ("organizations", "0012_sorted_lists"),
        ("services", "0008_connections_suspended"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="care",
            name="connections_to_validate",
        ),
        migrations.AddIndex(
            model_name="care",
            index=models.Index(fields=["validate_at", "connection"], name="connections_to_validate_next"),
        ),
        migrations.AddIndex(
            model_name="care",
            index=models.Index(fields=["rotation", "validate_at", "connection"], name="connections_by_rotation"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["status", "id"], name="connections_by_status"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("suspended_at__isnull", False)),
                fields=["suspended_at"],
                name="connections_not_in_use",
            ),
        ),
    ]
