"""That the addresses of an import are meant, kept until its rows are worked through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The import's answer."""

    dependencies = [("imports", "0003_days")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="knowingly",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Addresses outside the customers' domains are meant."
            ),
        ),
    ]
