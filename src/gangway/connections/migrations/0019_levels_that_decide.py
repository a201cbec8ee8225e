"""Who suspended a connection or forbade its tokens decides at which level that is undone.

Of what was done before, nobody wrote the level down: it counts as the provider's, who looks after all below.
"""

from django.db import migrations, models

LEVELS = ("system", "provider", "channel", "customer")
OF_BEFORE = "UPDATE connections_connection SET suspended_level = 'provider' WHERE suspended_why = 'paused'"


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0018_standing_in_order"),
        ("organizations", "0014_people_in_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="suspended_level",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of whoever paused it: nobody below that level resumes it.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="emergency",
            name="level",
            field=models.CharField(default="provider", help_text="Of whoever began it.", max_length=10),
        ),
        migrations.AddField(
            model_name="tokenban",
            name="level",
            field=models.CharField(
                default="provider",
                help_text="Of whoever forbade it: nobody below that level allows it again.",
                max_length=10,
            ),
        ),
        migrations.RunSQL(OF_BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("suspended_level__in", LEVELS), ("suspended_why", "paused"))
                | models.Q(models.Q(("suspended_why", "paused"), _negated=True), ("suspended_level", "")),
                name="connections_paused_by_a_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="tokenban",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", LEVELS)), name="connections_forbidden_by_a_level"
            ),
        ),
    ]
