import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

UNCONFIRMED_SIGN_IN = "DELETE FROM account_emailaddress WHERE NOT verified"
"""The account library lets people in by addresses that they haven't confirmed; wishes were kept there."""


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0001_initial"),
        ("accounts", "0003_whose_offer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(UNCONFIRMED_SIGN_IN, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="WantedAddress",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254)),
                (
                    "asked_by_name",
                    models.CharField(blank=True, help_text="Empty: the person themselves.", max_length=320),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "operator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
