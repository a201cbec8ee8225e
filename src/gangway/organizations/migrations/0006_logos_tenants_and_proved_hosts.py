import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0005_host_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogoRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("media_type", models.CharField(max_length=10)),
                ("data", models.BinaryField()),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the data: what browsers keep it under.", max_length=64),
                ),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "organizations_logo",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TenantRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                ("tenant_id", models.CharField(blank=True, max_length=36)),
                ("domain", models.CharField(blank=True, max_length=253)),
            ],
            options={
                "db_table": "organizations_tenant",
                "ordering": ("place",),
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="hostname",
            name="looked_at",
            field=models.DateTimeField(help_text="When a worker looked last.", null=True),
        ),
        migrations.AddField(
            model_name="hostname",
            name="proved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="hostname",
            name="seen",
            field=models.CharField(
                choices=[
                    ("not_yet", "not_yet"),
                    ("right", "right"),
                    ("nothing", "nothing"),
                    ("other", "other"),
                    ("silence", "silence"),
                ],
                default="not_yet",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="hostname",
            name="token",
            field=models.CharField(blank=True, help_text="What the DNS record must say.", max_length=43),
        ),
        migrations.RunSQL(
            "UPDATE organizations_hostname SET proved_at = set_at",  # names that were in use go on being used
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="hostname",
            name="name",
            field=models.CharField(max_length=253),
        ),
        migrations.AddConstraint(
            model_name="hostname",
            constraint=models.UniqueConstraint(
                condition=models.Q(("proved_at__isnull", False)),
                fields=("name",),
                name="organizations_host_names_once_proved",
            ),
        ),
        migrations.AddField(
            model_name="logorow",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="tenantrow",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="logorow",
            constraint=models.UniqueConstraint(fields=("organization",), name="organizations_one_logo_each"),
        ),
        migrations.AddConstraint(
            model_name="tenantrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("domain", ""), ("tenant_id", ""), _negated=True),
                name="organizations_tenants_say_something",
            ),
        ),
    ]
