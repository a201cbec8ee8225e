from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0011_emergencies_untouched"),
        ("services", "0008_connections_suspended"),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE services_service SET connection_status = 'suspended' FROM connections_connection"
            " WHERE connections_connection.service_id = services_service.id"
            " AND connections_connection.suspended_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
