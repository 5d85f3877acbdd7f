"""The database itself refuses to change or remove an entry or a posting."""

from django.db import migrations

TABLES = ["ledger_entry", "ledger_posting"]
MESSAGE = "ledger entries are never changed or removed: post a reversal"

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {ACT} ON {table}
BEGIN SELECT RAISE(ABORT, '{message}'); END
"""
_POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION ledger_append_only()
"""


def install(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
            for table in TABLES:
                cursor.execute(_POSTGRES.format(table=table))
            return
        for table in TABLES:
            for act in ("update", "delete"):
                cursor.execute(_SQLITE.format(table=table, act=act, ACT=act.upper(), message=MESSAGE))


def remove(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
            cursor.execute("DROP FUNCTION IF EXISTS ledger_append_only()")
            return
        for table in TABLES:
            for act in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_ledger")]
    operations = [migrations.RunPython(install, remove)]
