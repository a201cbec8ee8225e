"""A provider's colour moves to the organization itself, where its logo stands: channels may have one of their own."""

from typing import Any

from django.db import migrations


def move(apps: Any, _schema_editor: Any) -> None:
    """Give each provider the colour that its terms had."""
    organizations = apps.get_model("organizations", "Organization")._base_manager
    for row in apps.get_model("invitations", "Terms")._base_manager.exclude(colour=""):
        organizations.filter(pk=row.organization_id).update(colour=row.colour)


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0005_links_and_terms"),
        ("organizations", "0008_colours"),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="terms", name="colour"),
    ]
