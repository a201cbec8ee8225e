from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0010_companions_last_looked_at"),
        ("organizations", "0009_languages"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="emergencyitem",
            name="connections_each_once_an_emergency",
        ),
        migrations.AddField(
            model_name="emergencyitem",
            name="credential_id",
            field=models.UUIDField(help_text="When it is a credential that isn't in use.", null=True),
        ),
        migrations.AlterField(
            model_name="emergency",
            name="deed",
            field=models.CharField(
                choices=[("rotate", "rotate"), ("suspend", "suspend"), ("resume", "resume")], max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="emergencyitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("under_way", "under_way"),
                    ("done", "done"),
                    ("needs_customer", "needs_customer"),
                    ("failed", "failed"),
                    ("untouched", "untouched"),
                ],
                max_length=15,
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencyitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("companion__isnull", True), ("credential_id__isnull", True)),
                fields=("emergency", "connection"),
                name="connections_each_once_an_emergency",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencyitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("credential_id__isnull", False)),
                fields=("emergency", "credential_id"),
                name="connections_each_unused_once",
            ),
        ),
    ]
