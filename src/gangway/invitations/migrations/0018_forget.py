"""The one way to empty names in a history that nobody may change: of a service whose people are forgotten."""

from django.db import migrations

FORGET = """
CREATE FUNCTION invitations_forget(of_service uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE emptied bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM services_service WHERE id = of_service AND forgotten_at IS NOT NULL) THEN
        RAISE EXCEPTION 'invitations_forget: the people of this service are not forgotten';
    END IF;
    UPDATE invitations_move SET
            actor_name = CASE WHEN actor_kind = 'administrator' THEN '' ELSE actor_name END,
            note = CASE WHEN note LIKE '%@%' THEN '' ELSE note END
        WHERE invitation_id IN (SELECT id FROM invitations_invitation WHERE service_id = of_service)
            AND (actor_kind = 'administrator' OR note LIKE '%@%');
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$;
REVOKE EXECUTE ON FUNCTION invitations_forget(uuid) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invitations", "0017_before_the_link_goes_out"),
    ]

    operations = [
        migrations.RunSQL(FORGET, "DROP FUNCTION invitations_forget(uuid)"),
    ]
