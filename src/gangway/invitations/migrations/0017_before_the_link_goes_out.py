"""A link goes out once its domain's tenant is known, who signs in elsewhere is told of, and each link asks for itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0016_recipients_searched"),
    ]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="life_days",
            field=models.PositiveSmallIntegerField(help_text="Days that were chosen when it was made.", null=True),
        ),
        migrations.AddField(
            model_name="invitation",
            name="held_for",
            field=models.CharField(
                default="",
                help_text="The domain whose tenant a worker finds before the link goes out.",
                max_length=253,
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="tenant_domain",
            field=models.CharField(
                default="",
                help_text="The domain by which its tenant was found when the link went out.",
                max_length=253,
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="tenant_id",
            field=models.CharField(
                default="", help_text="The tenant that this domain belonged to then.", max_length=36
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="doubted_at",
            field=models.DateTimeField(
                help_text="When its domain was found unknown, or somebody signed in to another tenant than that domain's.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="asked_again_at",
            field=models.DateTimeField(help_text="When its holder asked for a new one, by this link.", null=True),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("doubted_at__isnull", False)),
                fields=["doubted_at"],
                name="invitations_doubted",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("held_for", ""), _negated=True), fields=["held_for"], name="invitations_held"
            ),
        ),
    ]
