"""People are read in each order of their list from indexes, and searched by the beginning of names and addresses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0013_short_names_of_channels"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["role", "id"], name="organizations_by_role"),
        ),
        migrations.AddIndex(
            model_name="operator",
            index=models.Index(fields=["last_login", "id"], name="operators_by_last_sign_in"),
        ),
        migrations.AddIndex(
            model_name="operator",
            index=models.Index(fields=["name_key"], name="operators_name_prefix", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(fields=["name_key", "id"], name="organizations_all_by_name"),
        ),
    ]
