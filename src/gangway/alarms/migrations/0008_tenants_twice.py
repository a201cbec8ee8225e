from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alarms", "0007_roles_end"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("credential_ends", "credential_ends"),
                    ("roles_end", "roles_end"),
                    ("connection", "connection"),
                    ("rotation", "rotation"),
                    ("needs_customer", "needs_customer"),
                    ("drift", "drift"),
                    ("disconnected", "disconnected"),
                    ("unexpected", "unexpected"),
                    ("tenant_twice", "tenant_twice"),
                    ("undelivered", "undelivered"),
                    ("nobody_told", "nobody_told"),
                    ("platform", "platform"),
                ],
                max_length=20,
            ),
        ),
    ]
