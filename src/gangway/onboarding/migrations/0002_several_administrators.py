import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0002_handoffs"),
        ("onboarding", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="invitation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="invitations.invitation"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="handoff",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="invitations.handoff"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="colleague",
            field=models.EmailField(
                blank=True, default="", help_text="Whom to ask for the rest, as named before the work.", max_length=254
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("handoff__isnull", True)),
                fields=("invitation",),
                name="onboarding_one_first_case_each",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(fields=("handoff",), name="onboarding_one_case_of_a_handoff"),
        ),
    ]
