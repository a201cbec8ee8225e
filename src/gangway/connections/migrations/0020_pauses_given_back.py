"""What an emergency took from a lower level's own pause: it is given back when that emergency is over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0019_levels_that_decide"),
    ]

    operations = [
        migrations.AddField(
            model_name="emergencyitem",
            name="paused_level",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of whoever had paused it before this emergency did.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="emergencyitem",
            name="paused_at",
            field=models.DateTimeField(help_text="When that was.", null=True),
        ),
    ]
