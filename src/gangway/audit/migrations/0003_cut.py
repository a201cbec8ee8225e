"""The one way to remove entries: up to a signed place, and nothing that is younger than thirty days."""

from django.db import migrations

CUT = """
CREATE FUNCTION audit_cut(of_organization uuid, up_to bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE removed bigint;
BEGIN
    UPDATE audit_checkpoint SET is_cut = true
        WHERE organization_id = of_organization AND sequence = up_to AND NOT is_cut;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'audit_cut: this place is not signed';
    END IF;
    IF EXISTS (SELECT 1 FROM audit_entry JOIN audit_seal ON audit_seal.entry_id = audit_entry.id
            WHERE audit_seal.organization_id = of_organization AND audit_seal.sequence <= up_to
            AND audit_entry.at > now() - interval '30 days') THEN
        RAISE EXCEPTION 'audit_cut: something there is younger than thirty days';
    END IF;
    DELETE FROM audit_entry USING audit_seal WHERE audit_seal.entry_id = audit_entry.id
        AND audit_seal.organization_id = of_organization AND audit_seal.sequence <= up_to;
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM audit_seal WHERE organization_id = of_organization AND sequence <= up_to;
    RETURN removed;
END $$;
REVOKE EXECUTE ON FUNCTION audit_cut(uuid, bigint) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_chain"),
    ]

    operations = [
        migrations.RunSQL(CUT, "DROP FUNCTION audit_cut(uuid, bigint)"),
    ]
