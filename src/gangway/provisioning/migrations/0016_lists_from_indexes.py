"""Leftovers are read in their order from indexes; registrations are found by name, application and last look."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0012_sorted_lists"),
        ("provisioning", "0015_leftovers_tried"),
        ("services", "0009_index_by_end_at_a_provider"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="leftover",
            name="provisioning_leftovers",
        ),
        migrations.AddIndex(
            model_name="leftover",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)), fields=["since", "id"], name="provisioning_left"
            ),
        ),
        migrations.AddIndex(
            model_name="leftover",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)),
                fields=["kind", "since", "id"],
                name="provisioning_left_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="leftover",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", False)), fields=["since", "id"], name="provisioning_cleared"
            ),
        ),
        migrations.AddIndex(
            model_name="leftover",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", False)),
                fields=["kind", "since", "id"],
                name="provisioning_cleared_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["app_id"], name="provisioning_by_application"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["name_key"], name="provisioning_name_prefix", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("seen_by__in", ("signed_in", "own_right"))),
                fields=["seen_at"],
                name="provisioning_looked_at",
            ),
        ),
    ]
