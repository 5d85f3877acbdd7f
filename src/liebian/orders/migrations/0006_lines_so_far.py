from typing import Any

from django.db import migrations

CHUNK = 2000


def write_lines(apps: Any, schema_editor: Any) -> None:
    """What the orders of before hold stands as one addition, at the event that placed them."""
    order, change, line = (apps.get_model("orders", name) for name in ("Order", "OrderChange", "OrderLine"))
    placed = change.objects.filter(kind="paid").order_by("id")
    after = 0
    while found := list(placed.filter(id__gt=after)[:CHUNK]):
        after = found[-1].pk
        orders = order.objects.filter(pk__in=[each.order_id for each in found])
        told = dict(orders.values_list("pk", "lines"))
        currencies = dict(orders.values_list("pk", "currency"))
        line.objects.bulk_create(
            [
                line(
                    order_id=each.order_id, customer_id=each.customer_id, at=each.at, event_id=each.event_id,
                    currency=currencies[each.order_id], **one,
                )
                for each in found
                for one in told.get(each.order_id, [])
                if one["quantity"]
            ]
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_lines_and_refusals")]
    operations = [migrations.RunPython(write_lines, migrations.RunPython.noop)]
