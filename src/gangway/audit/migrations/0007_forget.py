"""The one way for a worker to empty what is personal: for what an erasure that stands in the log itself names."""

from django.db import migrations

FORGET = """
CREATE FUNCTION audit_forget(of_organization uuid, of_subject text, of_ids text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE emptied bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_entry WHERE organization_id = of_organization AND subject = of_subject
            AND event = 'onboarding:contacts:erased' AND string_to_array(data->>'ids', ' ') @> of_ids) THEN
        RAISE EXCEPTION 'audit_forget: no entry says that these are erased';
    END IF;
    UPDATE audit_entry SET personal = '{}', salt = '',
            actor_name = CASE WHEN actor_kind = 'administrator' THEN '' ELSE actor_name END,
            who_words = CASE WHEN actor_kind = 'administrator' THEN '' ELSE who_words END,
            actor_address = CASE WHEN actor_kind = 'administrator' THEN '' ELSE actor_address END
        WHERE organization_id = of_organization AND split_part(subject, ':', 2) = ANY(of_ids)
            AND salt <> '' AND (personal <> '{}' OR actor_kind = 'administrator');
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$;
REVOKE EXECUTE ON FUNCTION audit_forget(uuid, text, text[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_who_by_words"),
    ]

    operations = [
        migrations.RunSQL(FORGET, "DROP FUNCTION audit_forget(uuid, text, text[])"),
    ]
