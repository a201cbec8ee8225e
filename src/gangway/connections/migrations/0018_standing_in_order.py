"""How a connection stands, and whether anything is lacking, stands on the row by which lists are ordered."""

from django.db import migrations, models

STANDS = """
UPDATE connections_care c SET
    standing = CASE WHEN n.suspended_at IS NULL THEN n.status ELSE 'suspended' END,
    lacking = coalesce(c.lacks <> '[]', false) OR EXISTS (
        SELECT FROM connections_companion b WHERE b.service_id = n.service_id AND b.lacks <> '[]'
    )
FROM connections_connection n WHERE n.id = c.connection_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0017_fleet_in_order"),
        ("organizations", "0012_sorted_lists"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="connection",
            name="connections_by_status",
        ),
        migrations.AddField(
            model_name="care",
            name="lacking",
            field=models.BooleanField(
                default=False, help_text="Whether it, or what its service uses beside it, lacks anything; for lists."
            ),
        ),
        migrations.AddField(
            model_name="care",
            name="standing",
            field=models.CharField(default="unknown", help_text="How the connection stands, for lists.", max_length=10),
        ),
        migrations.RunSQL(STANDS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="care",
            index=models.Index(fields=["standing", "validate_at", "connection"], name="connections_by_standing"),
        ),
        migrations.AddIndex(
            model_name="care",
            index=models.Index(
                condition=models.Q(("lacking", True)), fields=["validate_at", "connection"], name="connections_lacking"
            ),
        ),
        migrations.AddConstraint(
            model_name="care",
            constraint=models.CheckConstraint(
                condition=models.Q(("standing__in", ("ok", "warning", "error", "unknown", "suspended"))),
                name="connections_standing_known",
            ),
        ),
    ]
