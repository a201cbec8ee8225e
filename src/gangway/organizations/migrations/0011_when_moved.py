from django.db import migrations, models

FROM_THE_LOG = """
UPDATE organizations_organization AS moved SET moved_at = (
    SELECT max(at) FROM audit_entry
    WHERE organization_id = moved.id AND event = 'organizations:organization:moved'
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_moves_found"),
        ("organizations", "0010_no_service_types"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="moved_at",
            field=models.DateTimeField(help_text="When it was last put below another channel.", null=True),
        ),
        migrations.RunSQL(FROM_THE_LOG, migrations.RunSQL.noop),
    ]
