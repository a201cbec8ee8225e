"""A registration's name is one of its customer's: what others have in the same tenant stays hidden from them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0017_runs_by_kind"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="registration", name="provisioning_one_name_per_tenant"),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "removed"), _negated=True),
                fields=("organization", "tenant_id", "name_key"),
                name="provisioning_one_name_per_tenant",
            ),
        ),
    ]
