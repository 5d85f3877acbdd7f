"""Nobody looks for lots by the beginning of a cause: the index for it on PostgreSQL, which every change of a lot writes, goes."""

from django.db import migrations

_NAMES = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'rewards_points_lot' AND indexdef LIKE '%varchar_pattern_ops%'"


def drop(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_NAMES)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def create(apps, schema_editor):
    lot = apps.get_model("rewards", "PointsLot")
    statement = getattr(schema_editor, "_create_like_index_sql", lambda *_given: None)(lot, lot._meta.get_field("cause"))
    if statement is not None:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("rewards", "0122_sent_again")]
    operations = [migrations.RunPython(drop, create)]
