"""How many organizations stand below a path: PostgreSQL guesses one where there are a hundred, unless it looks closer."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0006_logos_tenants_and_proved_hosts"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE organizations_organization ALTER COLUMN path SET STATISTICS 1000",
            "ALTER TABLE organizations_organization ALTER COLUMN path SET STATISTICS -1",
        ),
    ]
