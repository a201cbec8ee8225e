"""Who did something is found by words of their name from an index; names that are there already are cut into words."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from gangway.foundation.words import words


def cut_into_words(apps: Any, schema_editor: Any) -> None:
    """Each name is cut once, and all of its entries are written in one pass; a part of ours is Gangway's on pages."""
    entries = apps.get_model("audit", "Entry").objects.order_by().exclude(actor_name="")
    actors = entries.values_list("actor_kind", "actor_name").distinct()
    cut = [(kind, name, words("Gangway" if kind == "system" else "", name)) for kind, name in actors]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE actors_in_words (kind text, name text, words text) ON COMMIT DROP")
        cursor.executemany("INSERT INTO actors_in_words VALUES (%s, %s, %s)", cut)
        cursor.execute(
            "UPDATE audit_entry SET who_words = words FROM actors_in_words WHERE actor_kind = kind AND actor_name = name"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_by_event"),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="who_words",
            field=models.TextField(default="", help_text="Words of the actor's name, as a search compares them."),
        ),
        migrations.RunPython(cut_into_words, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="entry",
            index=GinIndex(
                models.Func(models.F("who_words"), template="array_to_tsvector(string_to_array(%(expressions)s, ' '))"),
                name="audit_who_words",
            ),
        ),
    ]
