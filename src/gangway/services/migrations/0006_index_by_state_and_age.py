"""The few of many services that are in a state, the newest first: read from an index, not sorted out of all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0007_finer_statistics"),
        ("services", "0005_index_by_life"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="service",
            index=models.Index(
                fields=["provider", "connection_status", "-created_at", "id"],
                condition=models.Q(("lifecycle__in", ["planned", "created", "leaving", "deleting"])),
                name="services_in_a_state_by_age",
            ),
        ),
    ]
