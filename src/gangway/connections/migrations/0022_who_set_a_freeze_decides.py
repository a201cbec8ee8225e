"""Who set a freeze decides at which level it is ended. Of earlier ones nobody wrote the level down."""

from django.db import migrations, models

LEVELS = ["system", "provider", "channel", "customer"]


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0021_roles_seen"),
        ("organizations", "0017_customers_by_cloud"),
    ]

    operations = [
        migrations.AddField(
            model_name="freezerow",
            name="level",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of whoever set it: nobody below that level ends it. Unknown for older ones.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="freezerow",
            constraint=models.CheckConstraint(
                condition=models.Q(("level", ""), ("level__in", LEVELS), _connector="OR"),
                name="connections_freeze_set_by_a_level",
            ),
        ),
    ]
