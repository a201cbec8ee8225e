from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "invitation"),
                    ("completion", "completion"),
                    ("handoff", "handoff"),
                    ("reminder", "reminder"),
                    ("operator_ready", "operator_ready"),
                    ("operator_waiting", "operator_waiting"),
                ],
                max_length=30,
            ),
        ),
    ]
