"""Customers are listed by their cloud, from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0016_former_host_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(
                condition=models.Q(("kind", "customer")),
                fields=["cloud", "name_key", "id"],
                name="organizations_by_cloud",
            ),
        ),
    ]
