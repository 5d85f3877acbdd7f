"""What an entry is about is its `subject`; `reference` is the number of a document outside, and no two entries share one.

SQLite writes the table anew for the unique column and loses its triggers, so they are installed again.
"""

from importlib import import_module

from django.db import migrations, models

append_only = import_module("liebian.ledger.migrations.0002_append_only")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [
        migrations.RunPython(append_only.remove, append_only.install),
        migrations.RemoveIndex("entry", "ledger_entry_reference"),
        migrations.RenameField("entry", "reference", "subject"),
        migrations.AddField("entry", "reference", models.CharField(max_length=200, null=True, unique=True)),
        migrations.AddIndex("entry", models.Index(fields=["subject", "id"], name="ledger_entry_subject")),
        migrations.RunPython(append_only.install, append_only.remove),
    ]
