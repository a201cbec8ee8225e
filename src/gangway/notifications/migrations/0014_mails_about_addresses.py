from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0013_mails_of_farewell"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invitation", "invitation"),
                    ("completion", "completion"),
                    ("invitation_reminder", "invitation_reminder"),
                    ("service_created", "service_created"),
                    ("operator_notice", "operator_notice"),
                    ("handoff", "handoff"),
                    ("reminder", "reminder"),
                    ("operator_ready", "operator_ready"),
                    ("operator_waiting", "operator_waiting"),
                    ("operator_invitation", "operator_invitation"),
                    ("password_reset", "password_reset"),
                    ("address_link", "address_link"),
                    ("sign_in_changed", "sign_in_changed"),
                    ("wrong_codes", "wrong_codes"),
                    ("import_ended", "import_ended"),
                    ("alarm", "alarm"),
                    ("alarm_contact", "alarm_contact"),
                    ("rotation_ahead", "rotation_ahead"),
                    ("removal_asked", "removal_asked"),
                    ("service_gone", "service_gone"),
                    ("test", "test"),
                ],
                max_length=30,
            ),
        ),
    ]
