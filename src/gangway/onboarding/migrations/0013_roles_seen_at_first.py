from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0012_verified_publishers"),
    ]

    operations = [
        migrations.AddField(
            model_name="operatoronboarding",
            name="check_roles",
            field=models.JSONField(null=True),
        ),
    ]
