"""The worker's job that ends what was set aside for too long reaches points, carts and holds of the ledger."""

from __future__ import annotations

import pytest

from liebian.config import jobs
from liebian.ledger import services as ledger
from liebian.ledger.queries import list_holds
from liebian.ledger.tests.test_holds import END, hold
from liebian.ledger.tests.test_post import NOW, fund
from liebian.rewards.models import Redemption
from liebian.rewards.tests.coupon_shop import issue, make_offer, reserve

pytestmark = pytest.mark.django_db(databases="__all__")


def test_one_job_ends_carts_and_holds_that_nobody_used():
    fund(1000)
    ledger.reserve(hold=hold(), now=NOW)
    (coupon,) = issue(make_offer())
    reserve(coupon.code, now=NOW)
    [job] = [each for each in jobs.BACKGROUND_JOBS if each.name == "reservations"]
    assert (job.run(NOW), job.run(END), job.run(END)) == (0, 2, 0)
    assert Redemption.objects.get().state == "lapsed" and [each.state for each in list_holds(["h"])] == ["expired"]
