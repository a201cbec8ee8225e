"""Entries of one event are read, the newest first, from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_moves_found"),
        ("organizations", "0012_sorted_lists"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["event", "-id"], name="audit_by_event"),
        ),
    ]
