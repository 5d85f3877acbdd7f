from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rewards', '0080_money'),
    ]

    operations = [
        migrations.AddField(
            model_name='reviewpolicy',
            name='from_points',
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='PointsProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('customer_id', models.BigIntegerField()),
                ('asset', models.CharField(max_length=60)),
                ('amount', models.BigIntegerField()),
                ('review', models.OneToOneField(on_delete=models.deletion.PROTECT, related_name='points', to='rewards.review')),
            ],
            options={
                'db_table': 'rewards_review_points',
                'indexes': [models.Index(fields=['customer_id', 'asset'], name='rewards_proposal_of_customer')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='rewards_proposal_not_zero')],
            },
        ),
    ]
