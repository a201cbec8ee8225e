"""Runs are listed by what they are for, from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0016_lists_from_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["kind", "created_at", "id"], name="provisioning_runs_by_kind"),
        ),
    ]
