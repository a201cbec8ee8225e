"""Few services are being deleted among many that live: a list of those must not walk past all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0004_services_that_leave"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="service",
            index=models.Index(fields=["lifecycle", "-created_at", "id"], name="services_by_life"),
        ),
    ]
