"""Open alarms are read in each order and by each filter of their list from indexes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alarms", "0005_open_by_age"),
        ("organizations", "0012_sorted_lists"),
        ("services", "0009_index_by_end_at_a_provider"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["kind", "-changed_at", "-id"], name="alarms_of_a_kind"),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)),
                fields=["-changed_at", "-id"],
                name="alarms_open_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                models.OrderBy(
                    models.Case(
                        models.When(severity="notice", then=models.Value(0)),
                        models.When(severity="warning", then=models.Value(1)),
                        models.When(severity="critical", then=models.Value(2)),
                        output_field=models.IntegerField(),
                    ),
                    descending=True,
                ),
                models.OrderBy(models.F("changed_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("cleared_at__isnull", True)),
                name="alarms_open_by_urgency",
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)),
                fields=["severity", "-changed_at", "-id"],
                name="alarms_open_as_bad",
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("cleared_at__isnull", True)),
                fields=["kind", "-changed_at", "-id"],
                name="alarms_open_of_a_kind",
            ),
        ),
    ]
