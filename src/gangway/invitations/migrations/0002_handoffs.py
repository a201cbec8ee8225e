import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0001_initial"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="waits_until",
            field=models.DateTimeField(
                help_text="Set once another administrator must finish: the run's own time, apart from the link's.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("recipient", models.EmailField(max_length=254)),
                ("recipient_key", models.CharField(max_length=320)),
                ("by_kind", models.CharField(max_length=15)),
                ("by_name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("sent_count", models.PositiveIntegerField(default=0)),
                ("last_sent_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invitation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handoffs",
                        to="invitations.invitation",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)),
                        fields=("invitation", "recipient_key"),
                        name="invitations_one_handoff_to_a_colleague",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="link",
            name="handoff",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="invitations.handoff",
            ),
        ),
    ]
