"""Imports as jobs: nothing twice, one at a time, through kill -9; and the real file."""

import csv
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from liebian.core.errors import Conflict, Invalid
from liebian.events import services
from liebian.events.models import ImportJob
from liebian.events.queries import get_import, get_log_end, list_events_after
from liebian.events.services.leases import claim
from liebian.events.tests.files import NOW, UCI, code_of, line, run, write
from tests.live import template

pytestmark = pytest.mark.django_db(databases="__all__")
NAME = "shared/data/online_retail_2010_2011.parquet"
REAL = next((folder / NAME for folder in django_settings.ROOT.parents if (folder / NAME).exists()), Path(NAME))


@pytest.fixture(autouse=True)
def uploads(tmp_path, settings):
    settings.UPLOADS = tmp_path / "uploads"


def test_an_import_writes_people_orders_and_refunds_in_order_of_time(tmp_path):
    rows = [
        line(order="2", at="2011-07-05"), line(order="1", at="2011-07-01"), line(order="C3", quantity=-1, at="2011-07-06"),
        line(customer=""),
    ]  # fmt: skip
    report = run(write(tmp_path / "a.csv", rows))
    assert (report.rows, report.accepted, report.accepted_refunds, report.rejected) == (4, 3, 1, {"no_customer": 1})
    assert (report.created, report.updated, report.unchanged, report.refunds, report.customers) == (2, 0, 0, 1, 1)
    events = list_events_after(0, 10)
    assert [(e.type, e.name) for e in events] == [
        ("identify", ""), ("track", "Order Completed"), ("track", "Order Completed"), ("track", "Order Refunded"),
    ]  # fmt: skip
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert events[0].traits == {"country": "France"}
    assert events[3].properties["order_id"] == "2"
    assert {e.source for e in events} == {"uci-online-retail"}


def test_the_rejected_rows_can_be_read_again_with_their_reason(tmp_path):
    report = run(write(tmp_path / "a.csv", [line(), line(customer=""), line()]))
    with Path(report.rejected_file).open(newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [(row["row"], row["reason"], row["InvoiceNo"]) for row in found] == [
        ("2", "no_customer", "1001"),
        ("3", "duplicate", "1001"),
    ]


def test_the_rejected_rows_are_read_by_their_owner_only(tmp_path):
    written = Path(run(write(tmp_path / "a.csv", [line(customer="")])).rejected_file)
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700


def test_personal_traits_of_a_file_are_sealed(tmp_path):
    path = write(
        tmp_path / "a.csv",
        [["1", "u1", "2026-01-05", "9", "13800138000"]],
        header=("订单号", "客户编号", "日期", "金额", "手机号"),
    )
    run(path, {})
    event = list_events_after(0, 1)[0]
    assert (event.body, event.personal) == ({}, {"phone": "13800138000"})


def test_importing_twice_changes_nothing_and_a_corrected_file_updates(tmp_path):
    path = write(tmp_path / "a.csv", [line(), line(order="1002")])
    assert run(path).created == 2
    end = get_log_end()
    again = run(path)
    assert (again.created, again.updated, again.unchanged, get_log_end()) == (0, 0, 2, end)
    corrected = run(write(tmp_path / "b.csv", [line(quantity=3), line(order="1002")]))
    assert (corrected.created, corrected.updated, corrected.unchanged, get_log_end()) == (0, 1, 1, end + 1)
    back = run(path)
    assert (back.updated, back.unchanged, get_log_end()) == (1, 1, end + 2)
    assert list_events_after(end + 1, 1)[0].properties["total"] == "5"


def test_a_second_import_while_one_runs_is_refused_and_a_dead_one_is_taken_over(tmp_path):
    first, second = write(tmp_path / "a.csv", [line()]), write(tmp_path / "b.csv", [line(order="7")])
    job = services.start_import(path=first, filename="a.csv", options=UCI, actor="mei", now=NOW)
    other = services.start_import(path=second, filename="b.csv", options=UCI, actor="mei", now=NOW)
    claim(job, NOW)
    with pytest.raises(Conflict) as caught:
        services.start_import(path=second, filename="b.csv", options={}, actor="mei", now=NOW)
    assert caught.value.code == "import_running"
    assert "'a.csv'" in caught.value.message
    assert code_of(lambda: services.run_import(job_id=other, now=NOW)) == "import_running"
    assert services.run_next_import(now=NOW) is None
    later = NOW + timedelta(seconds=61)
    assert services.run_import(job_id=other, now=later).created == 1
    assert services.run_next_import(now=later) == job
    assert get_import(job).state == "done"


def test_a_lease_of_a_process_that_is_gone_is_not_waited_for(tmp_path):
    path = write(tmp_path / "a.csv", [line()])
    job = services.start_import(path=path, filename="a.csv", options=UCI, actor="mei", now=NOW)
    claim(job, NOW)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lease = ImportJob.objects.get(pk=job).lease.split("|")
    ImportJob.objects.update(lease="|".join([lease[0], str(gone.pid), lease[2]]))
    assert services.start_import(path=path, filename="a.csv", options=UCI, actor="mei", now=NOW) == job
    assert services.run_import(job_id=job, now=NOW).created == 1


def test_a_runner_that_lost_its_lease_writes_nothing_more(tmp_path):
    path = write(tmp_path / "a.csv", [line()])
    job = services.start_import(path=path, filename="a.csv", options=UCI, actor="mei", now=NOW)

    def cancel(phase, done, total):
        if phase == "checking":
            services.cancel_import(job_id=job, now=NOW)

    with pytest.raises(Conflict) as caught:
        services.run_import(job_id=job, now=NOW, on_progress=cancel)
    assert (caught.value.code, get_log_end(), get_import(job).state) == ("import_cancelled", 0, "cancelled")


def test_a_failed_import_says_why_and_an_upload_is_gone_when_done(tmp_path):
    path = write(tmp_path / "a.csv", [line()])
    job = services.start_import(path=path, filename="a.csv", options=UCI, actor="mei", now=NOW, is_upload=True)
    write(path, [line(order="9")])
    with pytest.raises(Invalid):
        services.run_import(job_id=job, now=NOW)
    assert get_import(job).error_code == "file_changed"
    job = services.start_import(path=path, filename="a.csv", options=UCI, actor="mei", now=NOW, is_upload=True)
    services.run_import(job_id=job, now=NOW)
    assert not path.exists()


def test_a_dry_run_reports_everything_and_writes_nothing(tmp_path):
    path = write(tmp_path / "a.csv", [line(), line(customer="")])
    seen = services.preview(path, UCI, now=NOW)
    assert (seen.accounting.rows, seen.accounting.accepted, seen.accounting.orders) == (2, 1, 1)
    assert seen.mapping["customer_id"] == "CustomerID"
    assert (len(seen.rows), seen.problems, get_log_end()) == (2, (), 0)
    broken = services.preview(path, {"mapping": {"columns": {"order_id": "Invoice"}}}, now=NOW)
    assert (broken.problems[0].code, broken.accounting) == ("column_missing", None)


def test_an_upload_becomes_a_draft_then_an_import(tmp_path):
    path = write(tmp_path / "a.csv", [line()])
    job = services.add_upload(path=path, filename="a.csv", actor="mei", now=NOW)
    assert services.run_next_import(now=NOW) is None
    services.set_import_options(job_id=job, options=UCI)
    services.queue_import(job_id=job, now=NOW)
    assert services.run_next_import(now=NOW) == job
    assert get_import(job).report["created"] == 1
    assert code_of(lambda: services.queue_import(job_id=job, now=NOW)) == "import_not_draft"


def test_forgotten_drafts_go_with_their_files(tmp_path):
    path = write(tmp_path / "a.csv", [line()])
    services.add_upload(path=path, filename="a.csv", actor="mei", now=NOW)
    assert services.drop_old_drafts(now=NOW + timedelta(hours=23)) == 0
    assert services.drop_old_drafts(now=NOW + timedelta(hours=25)) == 1
    assert not path.exists()


SCRIPT = """
import os, signal, sys, django
django.setup()
from datetime import UTC, datetime
from pathlib import Path
from liebian.events import services
from liebian.events.services import imports
imports.CHUNK = 100
now = datetime(2026, 6, 1, tzinfo=UTC)
job = services.start_import(path=Path(sys.argv[1]), filename="a.csv", options={"preset": "uci-online-retail"}, actor="", now=now)
def die(phase, done, total):
    if sys.argv[2] == "die" and done >= 300:
        os.kill(os.getpid(), signal.SIGKILL)
report = services.run_import(job_id=job, now=now, on_progress=die)
from liebian.events.queries import get_log_end
print(job, report.created, report.unchanged, get_log_end())
"""


def test_kill_9_in_the_middle_and_the_next_run_finishes_the_same_import(tmp_path):
    path = write(tmp_path / "a.csv", [line(order=str(n)) for n in range(700)])
    environment = {
        **os.environ, "LIEBIAN_HOME": str(tmp_path / "home"), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "liebian.config.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    template.fill_folder(tmp_path / "home")

    def start(mode):
        return subprocess.run(
            [sys.executable, "-c", SCRIPT, path, mode], env=environment, capture_output=True, text=True, check=False
        )

    assert start("die").returncode == -9
    finished = start("finish")
    assert finished.stdout.split() == ["1", "700", "0", "701"], finished.stderr
    assert start("again").stdout.split() == ["2", "0", "700", "701"]


@pytest.mark.data
@pytest.mark.skipif(not REAL.exists(), reason="the real data sets are not on this machine")
def test_every_row_of_the_real_file_is_accounted_for():
    accounting = services.preview(REAL, UCI, now=NOW).accounting
    assert accounting.rows == 541_909 == accounting.accepted + sum(accounting.rejected.values())
    assert accounting.rejected["no_customer"] == 135_080
    assert accounting.rejected == {
        "no_customer": 135_080, "duplicate": 5_220, "adjustment": 1_920, "cancellation_unmatched": 1_146, "zero_or_negative_price": 33,
    }  # fmt: skip
    assert (accounting.accepted, accounting.accepted_refunds, accounting.orders) == (398_510, 7_360, 18_402)
