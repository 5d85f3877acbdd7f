from django.db import migrations, models


def create_key_table(apps, schema_editor):
    """The key alone, in its order: on SQLite without a row id, which halves it."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("CREATE TABLE events_key (key BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID")
    else:
        schema_editor.execute("CREATE TABLE events_key (key bytea NOT NULL PRIMARY KEY)")
    schema_editor.execute("INSERT INTO events_key (key) SELECT key FROM events_event ORDER BY key")


def drop_key_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE events_key")


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_imports'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create_key_table, drop_key_table)],
            state_operations=[
                migrations.CreateModel(
                    name='EventKey',
                    fields=[
                        ('key', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                    ],
                    options={
                        'db_table': 'events_key',
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='RefusedRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(default='', max_length=100)),
                ('received_ms', models.BigIntegerField()),
                ('status', models.SmallIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('details', models.JSONField(default=dict)),
                ('excerpt', models.BinaryField(null=True)),
            ],
            options={
                'db_table': 'events_refusedrequest',
            },
        ),
        migrations.AddField(
            model_name='event',
            name='corrections',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='allowed_origins',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='source',
            name='events_per_second',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='unknown_events',
            field=models.CharField(default='allow', max_length=12),
        ),
        migrations.AlterField(
            model_name='event',
            name='key',
            field=models.BinaryField(max_length=16),
        ),
        migrations.CreateModel(
            name='Quarantined',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.BinaryField(max_length=16, unique=True)),
                ('source', models.CharField(max_length=100)),
                ('type', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=200)),
                ('received_ms', models.BigIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('reasons', models.JSONField(default=list)),
                ('message', models.BinaryField()),
                ('state', models.CharField(default='waiting', max_length=10)),
                ('changed_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'events_quarantined',
                'indexes': [models.Index(fields=['state', '-id'], name='quarantined_by_state')],
            },
        ),
        migrations.CreateModel(
            name='Schema',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=10)),
                ('name', models.CharField(default='', max_length=200)),
                ('fields', models.JSONField(default=dict)),
                ('corrects', models.BooleanField(default=True)),
                ('is_enabled', models.BooleanField(default=True)),
                ('version', models.IntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'events_schema',
                'constraints': [models.UniqueConstraint(fields=('type', 'name'), name='one_schema_per_event')],
            },
        ),
        migrations.CreateModel(
            name='SourceDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=100)),
                ('day', models.DateField()),
                ('accepted', models.BigIntegerField(default=0)),
                ('duplicates', models.BigIntegerField(default=0)),
                ('corrected', models.BigIntegerField(default=0)),
                ('quarantined', models.BigIntegerField(default=0)),
                ('refused', models.BigIntegerField(default=0)),
            ],
            options={
                'db_table': 'events_sourceday',
                'constraints': [models.UniqueConstraint(fields=('source', 'day'), name='one_count_per_source_and_day')],
            },
        ),
    ]
