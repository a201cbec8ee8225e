"""Customers are found by the id of a Microsoft tenant of theirs from indexes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0014_people_in_order"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(
                condition=models.Q(("tenant_id", ""), _negated=True),
                fields=["tenant_id"],
                name="organizations_by_tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="tenantrow",
            index=models.Index(
                condition=models.Q(("tenant_id", ""), _negated=True),
                fields=["tenant_id"],
                name="organizations_more_by_tenant",
            ),
        ),
    ]
