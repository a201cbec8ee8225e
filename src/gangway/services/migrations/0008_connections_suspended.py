from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("services", "0007_people_forgotten"),
    ]

    operations = [
        migrations.AlterField(
            model_name="service",
            name="connection_status",
            field=models.CharField(
                choices=[
                    ("ok", "ok"),
                    ("warning", "warning"),
                    ("error", "error"),
                    ("unknown", "unknown"),
                    ("suspended", "suspended"),
                ],
                max_length=10,
            ),
        ),
    ]
