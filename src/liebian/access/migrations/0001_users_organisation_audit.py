"""Users, the organisation, the audit trail and sign-in windows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=254, unique=True)),
                ('display_name', models.CharField(max_length=100)),
                ('role', models.CharField(max_length=20)),
                ('language', models.CharField(blank=True, default='', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'access_user',
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('last_id', models.BigIntegerField(default=0)),
                ('last_hash', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'access_audit_head',
            },
        ),
        migrations.CreateModel(
            name='SignInWindow',
            fields=[
                ('key', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField(db_index=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
            ],
            options={
                'db_table': 'access_sign_in_window',
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('actor_id', models.BigIntegerField(null=True)),
                ('action', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=200)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('details', models.JSONField(default=dict)),
                ('previous_hash', models.CharField(max_length=64, unique=True)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'access_audit_entry',
                'indexes': [models.Index(fields=['actor_id', '-id'], name='access_audit_actor'), models.Index(fields=['subject', '-id'], name='access_audit_subject')],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('currency', models.CharField(default=None, max_length=3, null=True)),
            ],
            options={
                'db_table': 'access_organisation',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='access_organisation_is_one')],
            },
        ),
    ]
