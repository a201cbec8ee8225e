"""How long the links of an import are good for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The import's days."""

    dependencies = [("imports", "0002_shared_pace")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="days",
            field=models.PositiveSmallIntegerField(
                help_text="How long its links are good for; empty: the terms'.", null=True
            ),
        ),
    ]
