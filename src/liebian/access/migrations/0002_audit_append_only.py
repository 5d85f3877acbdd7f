"""The database itself refuses to change or remove an audit entry, whoever asks."""

from django.db import migrations

_SQLITE = """
CREATE TRIGGER access_audit_entry_no_{act} BEFORE {act_upper} ON access_audit_entry
BEGIN SELECT RAISE(ABORT, 'access_audit_entry is append-only'); END
"""
_POSTGRES_FUNCTION = """
CREATE FUNCTION access_audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'access_audit_entry is append-only' USING ERRCODE = 'integrity_constraint_violation'; END
$$
"""
_POSTGRES = """
CREATE TRIGGER access_audit_entry_no_{act} BEFORE {act_upper} ON access_audit_entry
FOR EACH ROW EXECUTE FUNCTION access_audit_entry_refuse()
"""


def add_triggers(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    if not sqlite:
        schema_editor.execute(_POSTGRES_FUNCTION)
    for act in ("update", "delete"):
        schema_editor.execute((_SQLITE if sqlite else _POSTGRES).format(act=act, act_upper=act.upper()))


def drop_triggers(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for act in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER access_audit_entry_no_{act}" + ("" if sqlite else " ON access_audit_entry"))
    if not sqlite:
        schema_editor.execute("DROP FUNCTION access_audit_entry_refuse()")


class Migration(migrations.Migration):
    dependencies = [("access", "0001_users_organisation_audit")]
    operations = [migrations.RunPython(add_triggers, drop_triggers)]
