"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers this room's table, to which web and worker may only add."""

    name = "gangway.audit"
    label = "audit"
    append_only_tables: ClassVar[tuple[str, ...]] = ("audit_entry", "audit_checkpoint")
    read_only_tables: ClassVar[tuple[str, ...]] = ("audit_head", "audit_seal")
    worker_only_tables: ClassVar[tuple[str, ...]] = ("audit_checkpoint",)
    worker_only_functions: ClassVar[tuple[str, ...]] = ("audit_cut", "audit_forget")
    open_to_workers: ClassVar[tuple[str, ...]] = ("audit_entry", "audit_checkpoint", "audit_head", "audit_seal")
    """Workers record for whoever they work for, and check every chain; nobody changes an entry."""
