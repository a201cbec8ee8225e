from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0010_which_way_was_chosen_last"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="operatoronboarding",
            index=models.Index(
                fields=["-added_at", "id"], condition=Q(finished_at__isnull=True), name="onboarding_unfinished_by_age"
            ),
        ),
    ]
