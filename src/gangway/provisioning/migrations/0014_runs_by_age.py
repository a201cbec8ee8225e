"""The newest runs, and the newest in a state, are read from an index, not sorted out of all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0012_sorted_lists"),
        ("provisioning", "0013_what_no_run_left"),
        ("services", "0008_connections_suspended"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["created_at", "id"], name="provisioning_runs_by_age"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["state", "created_at", "id"], name="provisioning_runs_by_state"),
        ),
    ]
