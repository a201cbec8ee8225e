"""Open alarms are read by their age from an index of their own, among all that are cleared."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alarms", "0004_addresses_forgotten"),
        ("organizations", "0012_sorted_lists"),
        ("services", "0008_connections_suspended"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)), fields=["raised_at", "id"], name="alarms_open_by_age"
            ),
        ),
    ]
