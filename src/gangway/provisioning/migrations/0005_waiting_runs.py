import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0001_initial"),
        ("provisioning", "0004_undoing_and_rotating"),
    ]

    operations = [
        migrations.CreateModel(
            name="Waiting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("registration", "registration"),
                            ("consent", "consent"),
                            ("roles", "roles"),
                            ("consent_and_roles", "consent_and_roles"),
                        ],
                        max_length=20,
                    ),
                ),
                ("remaining", models.JSONField(default=list)),
                (
                    "consent_link",
                    models.BooleanField(default=False, help_text="Microsoft's consent page would revoke nothing."),
                ),
                ("since", models.DateTimeField()),
                ("deadline_at", models.DateTimeField()),
                ("next_check_at", models.DateTimeField(null=True)),
                ("checks", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "found",
                    models.CharField(blank=True, help_text="What the last look showed, in words.", max_length=300),
                ),
                ("trouble", models.JSONField(help_text="Why the last look showed nothing.", null=True)),
                ("planned_on", models.DateField(null=True)),
                ("reminders", models.PositiveIntegerField(default=0)),
                ("next_reminder_at", models.DateTimeField(null=True)),
                ("reminders_stopped_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="waiting", to="provisioning.run"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["next_check_at"], name="provisioning_waits_to_check"),
                    models.Index(fields=["deadline_at"], name="provisioning_waits_to_end"),
                    models.Index(fields=["next_reminder_at"], name="provisioning_waits_to_remind"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("deadline_at__gt", models.F("since"))),
                        name="provisioning_a_wait_has_its_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reminders_stopped_at__isnull", True),
                            ("next_reminder_at__isnull", True),
                            _connector="OR",
                        ),
                        name="provisioning_stopped_reminders_stay_stopped",
                    ),
                ],
            },
        ),
    ]
