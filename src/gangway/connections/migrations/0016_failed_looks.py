from django.db import migrations

SAW_NOTHING = """
UPDATE connections_validation SET status = 'unknown',
    words = concat_ws(': ', 'Not known at the moment', items->0->>'words')
WHERE companion_id IS NOT NULL AND state = 'failed' AND status <> 'unknown';
"""
"""What was kept of the looks before there was one history told, of one that failed, how the companion stood."""

NOBODY_DOES = "DELETE FROM procrastinate_jobs WHERE task_name = 'connections:validate_companion' AND status = 'todo';"
"""Jobs of the time before that: no worker knows their task any more, and each is looked at by itself within a day."""


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0015_freezes_since"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(SAW_NOTHING, migrations.RunSQL.noop),
        migrations.RunSQL(NOBODY_DOES, migrations.RunSQL.noop),
    ]
