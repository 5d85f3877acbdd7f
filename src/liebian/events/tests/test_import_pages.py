"""The pages: a file goes from the upload to its report; sources can send; roles see what is theirs."""

import re
from pathlib import Path

import pytest
from babel.messages import pofile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.events import labels, services
from liebian.events.imports import files
from liebian.events.imports.types import FIELDS, REASONS
from liebian.events.queries import get_import, list_imports, list_sources
from liebian.events.tests.files import csv_text, line

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def uploads(tmp_path, settings):
    settings.UPLOADS = tmp_path / "uploads"


def client_of(role, **more):
    client = Client(HTTP_ACCEPT_LANGUAGE="en", **more)
    client.force_login(make_user(role))
    return client


def upload(client, data, name="orders.csv", **more):
    return client.post("/imports/new", {"file": SimpleUploadedFile(name, data), **more})


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_from_the_upload_to_the_report():
    bo = client_of(OPERATOR)
    assert "No file has been imported yet" in text_of(bo.get("/imports"))
    rows = [line(), line(order="1002"), line(customer=""), line(product="POST")]
    answer = upload(bo, csv_text(rows).encode())
    columns = bo.get(answer["Location"])
    assert 'value="uci-online-retail" selected' in text_of(columns)
    assert "22752" in text_of(columns)
    answer = bo.post(answer["Location"], {"preset": "uci-online-retail"})
    check = text_of(bo.get(answer["Location"]))
    assert "2 rows would not be taken" in check
    assert "Import 2 rows" in check
    (job,) = list_imports()
    answer = bo.post(f"/imports/{job.id}/start")
    assert "Waiting for the worker" in text_of(bo.get(answer["Location"]))
    assert 'hx-get="/imports' in text_of(bo.get("/imports"))
    services.run_next_import(now=clock.now())
    report = text_of(bo.get(f"/imports/{job.id}/progress"))
    assert "2 rows were not taken" in report
    assert f'href="/imports/{job.id}/rejected?reason=no_customer"' in report
    assert "hx-trigger" not in report
    taken = b"".join(bo.get(f"/imports/{job.id}/rejected?reason=adjustment").streaming_content).decode("utf-8-sig")
    assert taken.splitlines()[1].startswith("4,adjustment,1001,POST")
    assert len(taken.splitlines()) == 2
    assert "orders.csv" in text_of(bo.get("/imports"))


def test_columns_are_guessed_chosen_and_a_missing_one_is_named():
    bo = client_of(OPERATOR)
    data = csv_text(
        [["1", "u1", "2026-01-05", "¥9.50", "林晚秋", "13812346021"]],
        header=("单号", "客户编号", "日期", "金额", "姓名", "手机号"),
    )
    place = upload(bo, data.encode("gb18030"))["Location"]
    page = text_of(bo.get(place))
    assert "林****" in page and "13812346021" not in page
    refused = bo.post(place, {"column_order_id": "单号", "column_at": "日期", "column_total": "金额"})
    assert refused.status_code == 422
    assert "No column is chosen for: Customer number." in text_of(refused)
    chosen = {
        "column_order_id": "单号",
        "column_customer_id": "客户编号",
        "column_at": "日期",
        "column_total": "金额",
        "column_phone": "手机号",
    }
    answer = bo.post(place, {**chosen, "currency_code": "cny", "time_zone": "Asia/Shanghai", "decimal": "."})
    check = text_of(bo.get(answer["Location"]))
    assert "Import 1 row<" in check
    assert "13812346021" not in check


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "empty"), (b"%PDF-1.7", "not a table"), (bytes(range(256)) * 9, "no readable table")]
)
def test_what_is_no_table_is_said_at_the_field_and_nothing_is_kept(data, words, settings):
    answer = upload(client_of(OPERATOR), data)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert list_imports() == []
    assert list(settings.UPLOADS.glob("*.upload")) == []


def test_an_upload_of_5_gb_is_refused_before_it_is_read():
    answer = client_of(OPERATOR).post(
        "/imports/new", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(5 * 1024**3)
    )
    assert answer.status_code == 422
    assert "Split it by month" in text_of(answer)


def test_an_upload_needs_the_token():
    bo = client_of(OPERATOR)
    bo.handler.enforce_csrf_checks = True
    assert upload(bo, csv_text([line()]).encode()).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text_of(bo.get("/imports/new")))[1]
    assert upload(bo, csv_text([line()]).encode(), csrfmiddlewaretoken=token).status_code == 302


def test_a_second_import_waits_for_the_first(tmp_path):
    bo = client_of(OPERATOR)
    running = tmp_path / "a.csv"
    running.write_text(csv_text([line()]))
    first = services.start_import(path=running, filename="a.csv", options={}, actor="", now=clock.now())
    place = upload(bo, csv_text([line(order="7")]).encode())["Location"]
    second = list_imports()[0].id
    bo.post(place, {"preset": "uci-online-retail"})
    from liebian.events.services.leases import claim

    claim(first, clock.now())
    answer = bo.post(f"/imports/{second}/start", follow=True)
    assert "Another import is running" in text_of(answer)
    assert get_import(second).state == "draft"
    bo.post(f"/imports/{second}/cancel")
    assert get_import(second).state == "cancelled"


def test_a_viewer_sees_imports_and_runs_none():
    lin = client_of(VIEWER)
    assert lin.get("/imports").status_code == 200
    for path in ("/imports/new", "/imports/1/columns", "/imports/1/rejected"):
        assert lin.get(path).status_code == 403
    assert lin.get("/imports/999").status_code == 404


def test_a_source_is_added_heard_and_stopped():
    mei = client_of(ADMINISTRATOR)
    assert "No source yet" in text_of(mei.get("/sources"))
    mei.post("/sources/new", {"name": "web shop"})
    (source,) = list_sources()
    page = text_of(mei.get("/sources"))
    assert source.write_key in page and "curl http://testserver/v1/track" in page
    assert "already a source" in text_of(mei.post("/sources/new", {"name": "web shop"}))
    mei.post(f"/sources/{source.id}/switch", {"on": "0"})
    assert "Stopped" in text_of(mei.get("/sources"))
    lin = client_of(VIEWER)
    assert source.write_key not in text_of(lin.get("/sources"))
    assert lin.post("/sources/new", {"name": "x"}).status_code == 403


def test_every_text_has_its_chinese():
    folder = Path(labels.__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as stream:
        catalog = pofile.read_po(stream, locale="zh_Hans")
    assert [message.id for message in catalog if message.id and not message.string] == []
    with translation.override(None):
        spoken = [labels.PHASES, labels.REASONS, labels.FIELDS, labels.KINDS, labels.PROBLEMS]
        words = [str(text) for table in spoken for text in table.values()] + [
            str(row[0]) for row in labels.STATES.values()
        ]
    assert [text for text in words if text not in catalog] == []
    assert set(labels.REASONS) == set(REASONS)
    assert set(labels.FIELDS) == set(FIELDS)


def test_every_reason_why_a_file_is_refused_has_words_for_people():
    """A failed import keeps only the code and the English text, so the page needs words for every code."""
    folder = Path(files.__file__).parent
    codes = {code for path in folder.glob("*.py") for code in re.findall(r'Invalid\(\s*"(\w+)"', path.read_text())}
    assert len(codes) > 10
    assert codes - set(labels.PROBLEMS) == set()
