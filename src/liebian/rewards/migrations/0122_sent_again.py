from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("rewards", "0121_closures")]

    operations = [
        migrations.AddField(model_name="reward", name="attempt", field=models.PositiveSmallIntegerField(default=0)),
        migrations.AlterField(
            model_name="parcel",
            name="reward",
            field=models.ForeignKey(on_delete=PROTECT, related_name="parcels", to="rewards.reward"),
        ),
        migrations.AddConstraint(
            model_name="parcel",
            constraint=models.UniqueConstraint(
                fields=["reward"],
                condition=Q(state__in=["to_pack", "packed", "shipped", "delivered"]),
                name="rewards_one_live_parcel",
            ),
        ),
    ]
