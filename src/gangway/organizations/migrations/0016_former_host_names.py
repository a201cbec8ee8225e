"""A host name that another one takes the place of is answered until the links that went out under it are dead."""

from django.db import migrations, models

PRESENT = models.Q(("left_at__isnull", True))


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0015_by_microsoft_tenant"),
    ]

    operations = [
        migrations.AddField(
            model_name="hostname",
            name="left_at",
            field=models.DateTimeField(
                help_text="When another took its place; empty: it is the present one.", null=True
            ),
        ),
        migrations.AddField(
            model_name="hostname",
            name="answered_until",
            field=models.DateTimeField(help_text="So long a former one is answered.", null=True),
        ),
        migrations.RemoveConstraint(model_name="hostname", name="organizations_one_host_name_each"),
        migrations.AddConstraint(
            model_name="hostname",
            constraint=models.UniqueConstraint(
                condition=PRESENT, fields=("organization",), name="organizations_one_host_name_each"
            ),
        ),
        migrations.RemoveConstraint(model_name="hostname", name="organizations_host_names_once_proved"),
        migrations.AddConstraint(
            model_name="hostname",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at__isnull", True), ("proved_at__isnull", False)),
                fields=("name",),
                name="organizations_host_names_once_proved",
            ),
        ),
        migrations.AddConstraint(
            model_name="hostname",
            constraint=models.CheckConstraint(
                condition=models.Q(("answered_until__isnull", True), ("left_at__isnull", True))
                | models.Q(("answered_until__isnull", False), ("left_at__isnull", False), ("proved_at__isnull", False)),
                name="organizations_former_host_names_were_proved",
            ),
        ),
    ]
