from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0011_unfinished_onboardings"),
    ]

    operations = [
        migrations.AddField(
            model_name="signinapplication",
            name="publisher",
            field=models.CharField(
                blank=True, default="", help_text="As Microsoft verified it; empty when it hasn't.", max_length=256
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="signinapplication",
            name="publisher_seen_at",
            field=models.DateTimeField(help_text="In a tenant where somebody signed in.", null=True),
        ),
    ]
