from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="sealed",
            name="row_id",
            field=models.UUIDField(help_text="The row it belongs to, also part of what was sealed.", null=True),
        ),
    ]
