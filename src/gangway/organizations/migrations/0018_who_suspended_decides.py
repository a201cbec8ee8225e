"""Who suspended somebody decides at which level that is undone. Of earlier suspensions nobody wrote the level down."""

from django.db import migrations, models

LEVELS = ["system", "provider", "channel", "customer"]


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0017_customers_by_cloud"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="suspended_level",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of whoever suspended it: nobody below that level resumes it. Unknown for older suspensions.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("suspended_level", ""),
                    models.Q(("is_active", False), ("suspended_level__in", LEVELS)),
                    _connector="OR",
                ),
                name="organizations_suspended_by_a_level",
            ),
        ),
    ]
