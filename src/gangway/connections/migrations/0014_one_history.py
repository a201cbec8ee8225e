import django.db.models.deletion
from django.db import migrations, models

KEEP_LOOKS = """
INSERT INTO connections_validation
    (id, organization_id, companion_id, state, status, words, items, asked_by, asked_at, begun_at, ended_at)
SELECT gen_random_uuid(), organization_id, id, CASE state WHEN 'failed' THEN 'failed' ELSE 'done' END, status, words,
    items, asked_by, asked_at, begun_at, ended_at
FROM connections_companion WHERE state IN ('done', 'failed') AND asked_at IS NOT NULL AND ended_at IS NOT NULL;
"""
"""The latest look at each; one that is under way is asked for again, or comes by itself within a day."""


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0013_emergencies_planned"),
        ("organizations", "0011_when_moved"),
    ]

    operations = [
        migrations.AddField(
            model_name="companion",
            name="lacks",
            field=models.JSONField(
                help_text="What the profile's newest version has and the registration hasn't; null: not known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="validation",
            name="companion",
            field=models.ForeignKey(
                help_text="When it is beside the connection.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="connections.companion",
            ),
        ),
        migrations.AlterField(
            model_name="validation",
            name="connection",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="validations",
                to="connections.connection",
            ),
        ),
        migrations.AddIndex(
            model_name="validation",
            index=models.Index(fields=["companion", "-asked_at"], name="connections_history_beside"),
        ),
        migrations.AddConstraint(
            model_name="validation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("queued", "running"))),
                fields=("companion",),
                name="connections_one_look_beside_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="validation",
            constraint=models.CheckConstraint(
                condition=models.Q(("connection__isnull", False), ("companion__isnull", False), _connector="XOR"),
                name="connections_looks_at_one",
            ),
        ),
        migrations.RunSQL(KEEP_LOOKS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="companion", name="connections_companion_state_known"),
        migrations.RenameField(model_name="companion", old_name="words", new_name="status_words"),
        migrations.RemoveField(model_name="companion", name="asked_at"),
        migrations.RemoveField(model_name="companion", name="asked_by"),
        migrations.RemoveField(model_name="companion", name="begun_at"),
        migrations.RemoveField(model_name="companion", name="ended_at"),
        migrations.RemoveField(model_name="companion", name="items"),
        migrations.RemoveField(model_name="companion", name="state"),
    ]
