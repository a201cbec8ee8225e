import uuid
from typing import Any

from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone


def put_system_on_top(apps: Any, _editor: object) -> None:
    organizations = apps.get_model("organizations", "Organization")._base_manager
    if not organizations.exists():
        return
    key = uuid.uuid4()
    root = {"kind": "system", "name": "Gangway", "name_key": "gangway", "search_words": "gangway"}
    system = organizations.create(id=key, path=f"{key.hex}/", created_at=timezone.now(), **root)
    organizations.exclude(pk=key).update(path=Concat(Value(system.path), F("path")))
    organizations.filter(kind="provider").update(parent=system)


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(
            model_name="organization", name="organizations_channels_and_customers_have_a_parent"
        ),
        migrations.AlterField(
            model_name="organization",
            name="kind",
            field=models.CharField(
                choices=[
                    ("system", "system"),
                    ("provider", "provider"),
                    ("channel", "channel"),
                    ("customer", "customer"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(put_system_on_top, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "system"), ("parent__isnull", True))
                | models.Q(models.Q(("kind", "system"), _negated=True), ("parent__isnull", False)),
                name="organizations_all_but_the_system_have_a_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "system")), fields=("kind",), name="organizations_one_system"
            ),
        ),
    ]
