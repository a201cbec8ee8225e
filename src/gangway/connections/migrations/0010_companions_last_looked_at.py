from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0009_looks_begun"),
    ]

    operations = [
        migrations.AddField(
            model_name="companion",
            name="last_validated_at",
            field=models.DateTimeField(help_text="When a look last came to its end; ours that fail don't.", null=True),
        ),
        migrations.RunSQL("UPDATE connections_companion SET last_validated_at = ended_at", migrations.RunSQL.noop),
    ]
