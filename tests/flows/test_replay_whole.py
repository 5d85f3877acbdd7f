"""A whole installation, made by the command line, follows from its log: people, tiers, referrals, rewards, balances.

On SQLite, and where DATABASE_URL is set on PostgreSQL.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from liebian.config.replay import room
from tests.flows.installation import Installation, installation, wait_for
from tests.flows.live import CODE, ROOT

pytestmark = pytest.mark.longest
PARTS = {"customers", "orders", "tiers", "referrals", "decisions", "rewards", "balances"}
FINGERPRINT = """
import hashlib, json
from django.apps import apps
tables = {
    model._meta.db_table: hashlib.md5(repr(sorted(map(repr, model.objects.values_list()))).encode()).hexdigest()
    for model in apps.get_models(include_auto_created=True)
}
print(json.dumps(tables))
"""
RETIRE = """
import json
from datetime import timedelta
from liebian.config import jobs
from liebian.core import clock
jobs.settings.LOG_DAYS, jobs.RETIRED_AT_ONCE = 0, 1000
print(json.dumps(jobs.retire_log(clock.now() + timedelta(days=1))))
"""
WAITING = """
import json
from liebian.core import clock
from liebian.events.services import record_events
bought = {"type": "track", "event": "Order Completed", "userId": "new", "messageId": "waits", "timestamp": clock.now().isoformat(),
          "properties": {"order_id": "waits", "total": 12, "currency": "CNY"}}
print(json.dumps(record_events([bought], source="shop", received_at=clock.now()).accepted))
"""
BY_HAND = """
import json
from datetime import timedelta
from django.conf import settings
from liebian.core import clock
from liebian.customers.models import Customer
from liebian.rewards import services
from liebian.rewards.types import POINTS, PointsAdjustment, PointsBurn, PointsTerms, PointsTransfer
now = clock.now()
services.set_points_terms(asset=POINTS, terms=PointsTerms(settings.TIME_ZONE, may_transfer=True, transfer_fee_bp=500), actor=None, now=now)
people = Customer.objects.filter(is_known=True, merged_into=None).order_by("pk").values_list("pk", flat=True)[:4]
one, two, three, four = people
said = [
    *services.adjust_points(adjustments=[PointsAdjustment(f"g{each}", each, 100, now, "given", None) for each in people], now=now),
    *services.adjust_points(adjustments=[PointsAdjustment("a", one, 70, now, "sorry", None), PointsAdjustment("b", two, -30, now, "oops", None)], now=now),
    *services.burn_points(burns=[PointsBurn("c", two, 40, now), PointsBurn("d", three, 50, now, reserve_until=now + timedelta(days=1))], now=now),
    *services.transfer_points(transfers=[PointsTransfer("e", three, four, 20, now)], now=now),
]
print(json.dumps([each.accepted for each in said]))
"""
ERASED = """
import json, sys
from liebian.core import crypto
from liebian.customers.models import Customer
from liebian.events.models import Event
from liebian.rewards.models import Reward
who = Reward.objects.filter(role=sys.argv[-1]).exclude(state="refused").order_by("customer_id").values_list("customer_id", flat=True)
person = Customer.objects.filter(pk__in=list(who), erased_by_event__isnull=True, phone__isnull=False).order_by("pk").first()
phone = crypto.unseal(person.phone, context="customer.phone")
own = Event.objects.filter(user_id=person.user_id).count()
print(json.dumps([f"C-{person.pk:06d}", person.user_id, phone, own]))
"""
LEFT = """
import json, sys
from liebian.core import crypto
from liebian.events.models import Event
from liebian.events.queries import PERSONAL_CONTEXT
user, phone = sys.argv[-2:]
said = [str((row.user_id, bytes(row.body), row.personal and crypto.unseal(row.personal, context=PERSONAL_CONTEXT))) for row in Event.objects.all()]
print(json.dumps([sum(f"'{user}'" in one for one in said), sum(phone[-11:] in one for one in said)]))
"""
BREAK = """
import json
from django.db.models import F
from liebian.ledger.models import Account
from liebian.orders.models import Order
order = Order.objects.order_by("id")[5]
Order.objects.filter(pk=order.pk).update(total_minor=order.total_minor + 1)
Account.objects.filter(kind="budget").update(balance=F("balance") + 1)
print(json.dumps([order.pk, order.total_minor]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("replayed")) as found:
        found.environment["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))
        code, said = found.command("demo", "--customers", "300", "--days", "150")
        assert code == 0, said
        yield found


def left_behind(place: Installation) -> list[Path]:
    return list(Path(place.environment["TMPDIR"]).glob(f"{room.PREFIX}*"))


def test_a_replay_that_is_killed_leaves_its_folder_until_the_next_one(place):
    killed = subprocess.Popen(
        [sys.executable, "-c", CODE, "replay"], env=place.environment, cwd=ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: [folder for folder in left_behind(place) if (folder / "records.sqlite3").exists()])
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait(timeout=30)
    assert len(left_behind(place)) == 1


def test_reading_the_log_from_zero_gives_the_same_installation_and_changes_nothing(place):
    assert place.run(BY_HAND) == [True] * 9
    assert place.run(WAITING) == 1  # what no stage has read is not part of the question
    before = place.run(FINGERPRINT)
    code, said = place.command("replay")
    assert (code, said["equal"]) == (0, True), said
    assert {part["name"] for part in said["parts"] if part["rows"]} >= PARTS
    assert left_behind(place) == []
    assert place.run(FINGERPRINT) == before


def erase_some(place: Installation) -> None:
    """An inviter and a friend; nothing of them is left in the log."""
    for role in ("referrer", "friend"):
        number, user, phone, n_events = place.run(ERASED, role)
        assert n_events
        code, said = place.console.command("erase", number, "--reason", "asked")
        assert (code, said["error"]["code"]) == (1, "erasure_not_confirmed")
        code, said = place.command("erase", number, "--reason", "asked", "--confirm", number)
        assert (code, said) == (0, {"customer": number, "is_done": True})
        assert place.run(LEFT, user, phone) == [0, 0]


def test_only_what_does_not_follow_is_found_and_named_after_erasures_and_when_the_log_has_left_for_the_lake(place):
    erase_some(place)
    assert place.run(RETIRE) == 1000
    order_id, total = place.run(BREAK)
    code, said = place.command("replay")
    different = {part["name"]: part["first_difference"] for part in said["parts"] if not part["equal"]}
    assert code == 1
    assert set(different) == {"orders", "balances"}, different
    was, _, now = different["orders"].partition(", is ")
    assert was.startswith(f"was ({order_id}, ") and f", {total + 1}, " in was
    assert now.startswith(f"({order_id}, ") and f", {total}, " in now
    assert left_behind(place) == []


def test_a_part_that_does_not_exist_is_refused_at_once(place):
    code, said = place.console.command("replay", "--part", "weather")
    assert (code, said["error"]["code"]) == (1, "unknown_part")


def test_the_demo_shop_is_open_for_longer_than_its_programme(place):
    code, said = place.console.command("demo", "--days", "60")
    assert (code, said["error"]["code"]) == (1, "demo_too_short")


def test_the_demo_shop_opens_only_in_an_empty_installation(place):
    code, said = place.console.command("demo")
    assert (code, said["error"]["code"]) == (1, "not_empty")


def test_a_command_says_that_the_databases_are_not_set_up(tmp_path):
    with installation(tmp_path / "made", database_url="") as empty:
        empty.environment["LIEBIAN_HOME"] = str(tmp_path / "new")
        code, said = empty.command("stages")
    assert (code, said["error"]["code"]) == (1, "not_migrated")


def test_the_doctor_says_what_is_configured_reachable_and_behind(place):
    _code, answer = place.command("doctor")
    names = {finding["name"] for finding in answer["findings"]}
    assert names >= {"LIEBIAN_HOME", "database default", "stage identity", "stage referrals", "lake order_facts"}
    assert ("database log" in names) == ("DATABASE_URL" not in os.environ)
    assert all(finding["ok"] for finding in answer["findings"] if finding["name"].startswith(("stage", "database")))
