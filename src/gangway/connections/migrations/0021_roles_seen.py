"""Which directory roles a look saw, beside the permissions: what pages say of them follows from that."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0020_pauses_given_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="validation",
            name="roles",
            field=models.JSONField(help_text="Template ids of the directory roles that it was seen with.", null=True),
        ),
    ]
