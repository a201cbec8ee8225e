"""The dashboard tells for some days of those that expired, out of all that ever did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0014_pending_in_order"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                fields=["-ended_at", "id"],
                condition=models.Q(("state", "expired")),
                name="invitations_expired_lately",
            ),
        ),
    ]
