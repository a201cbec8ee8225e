"""The table of the shared cache, as Django's `createcachetable` would make it."""

from django.db import migrations

CREATE = """
CREATE TABLE config_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX config_cache_expires ON config_cache (expires);
"""


class Migration(migrations.Migration):
    """One table; limits on sign-in attempts are counted in it."""

    initial = True
    dependencies = []
    operations = [migrations.RunSQL(CREATE, "DROP TABLE config_cache")]
