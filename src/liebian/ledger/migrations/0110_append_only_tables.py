"""What the database refuses, beside changed and removed entries: emptied tables, accounts that change what they are, and
proofs that are made to have said something else. (On SQLite a replaced row is refused as a removed one: see the settings.)"""

from django.db import migrations

MESSAGE = "ledger entries are never changed or removed"
KEPT = ["ledger_account", "ledger_entry", "ledger_posting", "ledger_hold", "ledger_segment", "ledger_statement", "ledger_proof"]  # fmt: skip
NEVER_REMOVED = ["ledger_account", "ledger_segment", "ledger_statement", "ledger_proof"]
FIXED = {
    "ledger_account": "id, code, kind, asset, book, opened_at",
    "ledger_segment": "id, after_entry, last_entry, n_entries, n_postings, turnover, digest, inserted_from, inserted_to",
    "ledger_statement": "id, account_id, segment_id, hour, amount, first_entry, last_entry",
    "ledger_proof": "id, at, is_full, position, n_new, n_entries, n_accounts, digest, findings",
    "ledger_hold": "id, idempotency_key, reserved_id, source_id, held_id, target_id, amount, expires_at",
}


def _sqlite():
    act = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for table in NEVER_REMOVED:
        yield f"{table}_no_delete", f"BEFORE DELETE ON {table} {act}"
    for table, columns in FIXED.items():
        yield f"{table}_fixed", f"BEFORE UPDATE OF {columns} ON {table} {act}"


def _postgres():
    act = "EXECUTE FUNCTION ledger_append_only()"
    for table in NEVER_REMOVED:
        yield table, f"{table}_no_delete", f"BEFORE DELETE ON {table} FOR EACH ROW {act}"
    for table, columns in FIXED.items():
        yield table, f"{table}_fixed", f"BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW {act}"
    for table in KEPT:
        yield table, f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {act}"


def install(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            for _table, name, what in _postgres():
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {what}")
            return
        for name, what in _sqlite():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")


def remove(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            for table, name, _what in _postgres():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            return
        for name, _what in _sqlite():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0100_room_for_balances")]
    operations = [migrations.RunPython(install, remove)]
