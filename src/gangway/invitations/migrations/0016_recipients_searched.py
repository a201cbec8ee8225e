"""Recipients are searched by their beginning from an index, and dead links asked for anew are found from one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0015_expired_lately"),
        ("organizations", "0012_sorted_lists"),
        ("services", "0009_index_by_end_at_a_provider"),
    ]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="recipient_key",
            field=models.CharField(default="", help_text="The recipient as a search compares it.", max_length=320),
        ),
        migrations.RunSQL("UPDATE invitations_invitation SET recipient_key = lower(recipient)", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                fields=["recipient_key"], name="invitations_recipient_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("asked_again_at__isnull", False)),
                fields=["asked_again_at"],
                name="invitations_asked_again",
            ),
        ),
    ]
