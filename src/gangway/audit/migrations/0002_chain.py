"""The chain: an entry's digest, and a trigger that links it to its organization's last one when the change commits."""

import secrets
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from gangway.audit.chain import FIRST, commitment_of, digest_of, link

LINK = """
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE last record;
BEGIN
    LOOP
        UPDATE audit_head SET sequence = sequence + 1,
            hash = sha256(hash || int8send(sequence + 1) || int8send(NEW.id) || NEW.digest)
            WHERE organization_id = NEW.organization_id RETURNING sequence, hash INTO last;
        EXIT WHEN FOUND;
        INSERT INTO audit_head (organization_id, sequence, hash)
            VALUES (NEW.organization_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
    END LOOP;
    INSERT INTO audit_seal (entry_id, organization_id, sequence, hash)
        VALUES (NEW.id, NEW.organization_id, last.sequence, last.hash);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION audit_link() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON audit_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_link();
"""
"""Deferred to the commit: the head's row is locked only for the commit itself, and after every other lock was taken."""


def link_what_is_there(apps: Any, _schema_editor: Any) -> None:
    """Give entries of older versions their digests and places, in their order."""
    entries, seals, heads = (apps.get_model("audit", name) for name in ("Entry", "Seal", "Head"))
    last = {}
    for entry in entries.objects.order_by("id").iterator():
        entry.salt = secrets.token_bytes(16)
        entry.commitment = commitment_of(entry)
        entry.digest = digest_of(entry)
        entry.save(update_fields=["salt", "commitment", "digest"])
        sequence, before = last.get(entry.organization_id, (0, FIRST))
        hashed = link(before, sequence + 1, entry.id, entry.digest)
        last[entry.organization_id] = (sequence + 1, hashed)
        seals.objects.create(
            entry_id=entry.id, organization_id=entry.organization_id, sequence=sequence + 1, hash=hashed
        )
    heads.objects.bulk_create(
        heads(organization_id=key, sequence=sequence, hash=hashed) for key, (sequence, hashed) in last.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="organizations.organization",
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="entry",
            name="commitment",
            field=models.BinaryField(default=b"", help_text="Salted SHA-256 of what is personal."),
        ),
        migrations.AddField(
            model_name="entry",
            name="digest",
            field=models.BinaryField(default=b"", help_text="SHA-256 of everything else and the commitment."),
        ),
        migrations.AddField(
            model_name="entry",
            name="personal",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="entry",
            name="salt",
            field=models.BinaryField(default=b"", help_text="Empty when what is personal was erased."),
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("hash", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("key_number", models.PositiveIntegerField()),
                ("signature", models.BinaryField()),
                (
                    "is_cut",
                    models.BooleanField(
                        default=False, help_text="Whether what lies before it was removed for its age."
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "sequence"), name="audit_one_checkpoint_at_each_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("entry_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("hash", models.BinaryField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "sequence"), name="audit_one_entry_at_each_place")
                ],
            },
        ),
        migrations.RunPython(link_what_is_there, migrations.RunPython.noop),
        migrations.RunSQL(LINK, "DROP FUNCTION audit_link() CASCADE"),
    ]
