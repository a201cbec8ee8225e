from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations, models

from gangway.organizations.search import LONGEST_KEY, fold, words


def name_everybody(apps: Any, _editor: object) -> None:
    people = apps.get_model("organizations", "Operator")._base_manager
    for person in people.all():
        key, found = fold(person.name)[:LONGEST_KEY], words(person.name, person.email)
        people.filter(pk=person.pk).update(name_key=key, search_words=found)


class Migration(migrations.Migration):
    dependencies = [("organizations", "0002_system_above_providers")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="from_entra",
            field=models.BooleanField(
                default=False, help_text="Given by a role or group of the person's Entra tenant, and follows it."
            ),
        ),
        migrations.AddField(model_name="membership", name="is_active", field=models.BooleanField(default=True)),
        migrations.AddField(
            model_name="operator",
            name="name_key",
            field=models.CharField(default="", help_text="Start of the folded name, for order.", max_length=200),
        ),
        migrations.AddField(
            model_name="operator",
            name="search_words",
            field=models.TextField(default="", help_text="Words of name and address, as search compares them."),
        ),
        migrations.RunPython(name_everybody, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="operator", index=models.Index(fields=["name_key", "id"], name="operators_by_name")
        ),
        migrations.AddIndex(
            model_name="operator",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.F("search_words"), template="array_to_tsvector(string_to_array(%(expressions)s, ' '))"
                ),
                name="operators_words",
            ),
        ),
    ]
