"""How often a leftover was tried by itself is counted, so that days on which it is held back count for nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0014_runs_by_age"),
    ]

    operations = [
        migrations.AddField(
            model_name="leftover",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often it was to be removed by itself."),
        ),
        migrations.RunSQL(
            "UPDATE provisioning_leftover SET tries = 14 WHERE cleared_at IS NULL AND since < now() - interval '14 days'",
            migrations.RunSQL.noop,
            elidable=True,
        ),
    ]
