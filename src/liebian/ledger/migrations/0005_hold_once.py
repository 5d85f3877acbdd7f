"""The database itself refuses to resolve a hold twice, to change what was resolved, and to remove a hold."""

from django.db import migrations

MESSAGE = "ledger entries are never changed or removed: a hold is resolved once"

_SQLITE = [
    f"""
CREATE TRIGGER IF NOT EXISTS ledger_hold_resolved_once BEFORE UPDATE ON ledger_hold WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
""",
    f"""
CREATE TRIGGER IF NOT EXISTS ledger_hold_no_delete BEFORE DELETE ON ledger_hold
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
""",
]
_POSTGRES = [
    f"""
CREATE OR REPLACE FUNCTION ledger_hold_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
""",
    """
CREATE OR REPLACE TRIGGER ledger_hold_resolved_once BEFORE UPDATE ON ledger_hold
FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION ledger_hold_once()
""",
    """
CREATE OR REPLACE TRIGGER ledger_hold_no_delete BEFORE DELETE ON ledger_hold
FOR EACH ROW EXECUTE FUNCTION ledger_hold_once()
""",
]


def install(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statement in _POSTGRES if schema_editor.connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def remove(apps, schema_editor):
    on = " ON ledger_hold" if schema_editor.connection.vendor == "postgresql" else ""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS ledger_hold_resolved_once{on}")
        cursor.execute(f"DROP TRIGGER IF EXISTS ledger_hold_no_delete{on}")
        if on:
            cursor.execute("DROP FUNCTION IF EXISTS ledger_hold_once()")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_holds")]
    operations = [migrations.RunPython(install, remove)]
