from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("referrals", "0003_limits")]

    operations = [migrations.RemoveField("programme", "person_cap")]
