"""A channel's short name is its own within its provider: the settings of the server call it by that.

Where two have the same one, whatever the case of its letters, the older keeps it; the other one is given another by hand.
"""

from django.db import migrations, models
from django.db.models.functions import Lower

THE_OLDER_KEEPS_IT = """
UPDATE organizations_organization AS later SET short_name = ''
WHERE kind = 'channel' AND removed_at IS NULL AND short_name <> '' AND EXISTS (
    SELECT FROM organizations_organization AS older
    WHERE older.kind = 'channel' AND older.removed_at IS NULL AND older.parent_id = later.parent_id
    AND lower(older.short_name) = lower(later.short_name)
    AND (older.created_at, older.id) < (later.created_at, later.id)
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0012_sorted_lists"),
    ]

    operations = [
        migrations.RunSQL(THE_OLDER_KEEPS_IT, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.UniqueConstraint(
                models.F("parent"),
                Lower("short_name"),
                condition=models.Q(("kind", "channel"), ("removed_at__isnull", True))
                & models.Q(("short_name", ""), _negated=True),
                name="organizations_channels_have_their_own_short_name",
            ),
        ),
    ]
