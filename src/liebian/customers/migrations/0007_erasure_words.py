from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_erasures'),
    ]

    operations = [
        migrations.AddField(
            model_name='erasure',
            name='words',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='erasure',
            name='files_due_at',
            field=models.DateTimeField(null=True),
        ),
    ]
