"""PostgreSQL looks up the entries and accounts of new postings once for a statement, not once for a row at the end.

The guarantee stays: postings name what exists, at once instead of at the commit, and what they name can neither be removed nor
given another key: entries and accounts refuse that already. SQLite keeps its foreign keys.
"""

from django.db import migrations

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION ledger_posting_refers() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT entry_id FROM added) AS a
        WHERE NOT EXISTS (SELECT 1 FROM ledger_entry WHERE ledger_entry.id = a.entry_id)
    ) OR EXISTS (
        SELECT 1 FROM added AS a WHERE NOT EXISTS (SELECT 1 FROM ledger_account WHERE ledger_account.id = a.account_id)
    ) THEN
        RAISE EXCEPTION 'a posting names an entry or an account that does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
"""
_TRIGGERS = """
CREATE OR REPLACE TRIGGER ledger_posting_refers AFTER INSERT ON ledger_posting
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_refers();
"""
_REMOVE = """
DROP TRIGGER IF EXISTS ledger_posting_refers ON ledger_posting;
DROP FUNCTION IF EXISTS ledger_posting_refers();
"""


def check_as_sets(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "ledger_posting")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_FUNCTIONS)
        cursor.execute(_TRIGGERS)
        for name, constraint in constraints.items():
            if constraint["foreign_key"]:
                cursor.execute(f"ALTER TABLE ledger_posting DROP CONSTRAINT {schema_editor.quote_name(name)}")


def check_by_row(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    posting = apps.get_model("ledger", "Posting")
    with schema_editor.connection.cursor() as cursor:
        for name in ("entry", "account"):
            field = posting._meta.get_field(name)
            statement = schema_editor._create_fk_sql(posting, field, "_fk_%(to_table)s_%(to_column)s")
            cursor.execute(str(statement))
        cursor.execute(_REMOVE)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0111_kept_sums")]
    operations = [migrations.RunPython(check_as_sets, check_by_row)]
